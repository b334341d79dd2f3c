//! `open_msg_svc/get_history`: the files with all messages of an hour of the last seven days.
//!
//! [choice] `URL` has no host, as all addresses of files: the caller puts that of its server in front. It is signed, and good
//! for as long as every address, as long as the file is kept; the next call makes a new one.
//! [choice] The code 1004 means that the hour is not over, that its files are not made yet, or that nothing was sent. Whoever
//! asks for an hour without files has them made: the same call a moment later answers them.

use crate::archive::file_name;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::files::address::{FileId, FileName};
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::archive::{ArchiveFile, ArchiveKind, Hour, date_and_time};
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::operations::archive::HOURS_KEPT;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    chat_type: Field<String>,
    msg_time: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    file: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "URL")]
    url: String,
    expire_time: String,
    file_size: u64,
    #[serde(rename = "FileMD5")]
    file_md5: Box<str>,
    gzip_size: u64,
    #[serde(rename = "GzipMD5")]
    gzip_md5: Box<str>,
}

impl Command for Request {
    const PATH: &'static str = "open_msg_svc/get_history";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let illegal = |error: FieldError| error.failure(Code::HistoryParameter);
        let kind = match self.chat_type.required("ChatType").map_err(illegal)?.as_str() {
            "C2C" => ArchiveKind::Direct,
            "Group" => ArchiveKind::Group,
            word => {
                return Err(Code::HistoryParameter.because(format!("ChatType is {word:?}, not C2C or Group")));
            }
        };
        let time = self.msg_time.required("MsgTime").map_err(illegal)?;
        let hour = Hour::parse(&time).ok_or_else(|| {
            Code::HistoryParameter
                .because(format!("MsgTime is {time:?}; an hour of UTC+8 is expected, YYYYMMDDHH"))
        })?;
        if call.now < hour.end() {
            return Err(not_ready());
        }
        if hour.0 < Hour::of(call.now).0.saturating_sub(HOURS_KEPT) {
            // The text of the service. [sample]
            return Err(Code::HistoryExpired.because("Err_File_Expired"));
        }
        let facts = vec![(Subject::App, FactKey::Archive(kind, hour))];
        let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await;
        let found = found.map_err(|error| Code::HistoryInternal.internal(error))?;
        let Some(Fact::Archive(files)) = found.facts.into_values().next() else {
            call.archive(kind, hour);
            return Err(not_ready());
        };
        let rows = files.into_iter().enumerate();
        let rows = rows.map(|(number, file)| row(call, file_name(call.app_id(), kind, hour, number), file));
        Ok(Reply { file: rows.collect::<Option<_>>().ok_or_else(not_ready)? })
    }
}

fn not_ready() -> Failure {
    // The text of the service. [sample]
    Code::HistoryNotReady.because("Err_File_Not_Ready")
}

fn row(call: &Call, name: String, file: ArchiveFile) -> Option<Row> {
    let ArchiveFile { id, bytes, md5, compressed_bytes, compressed_md5 } = file;
    let (url, expires) = call.files.address(FileId::parse(&id)?, FileName::parse(&name).ok()?)?;
    Some(Row {
        url,
        expire_time: date_and_time(expires),
        file_size: bytes,
        file_md5: md5,
        gzip_size: compressed_bytes,
        gzip_md5: compressed_md5,
    })
}

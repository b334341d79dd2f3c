//! `upload_ticket`: an address to which the account sends one file, for a message.
//!
//! [choice] `MsgType` says for which element the file is, and so which limit holds. An image is one that browsers show without
//! running anything in it; other images, such as SVG, are sent as files.

use super::{ClientRequest, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::code::Code;
use crate::files::address::{FileAddress, FileId, FileName};
use crate::files::ticket::Ticket;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::uploads::{AnnounceUpload, OPEN_MAX, UploadRefusal};
use landfall_domain::people::upload::UploadId;
use serde::{Deserialize, Serialize};

/// Images that may be in an image message.
const IMAGE_TYPES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"];

/// Longest type of a file, bytes.
const TYPE_BYTES_MAX: usize = 100;

pub(super) struct UploadTicket;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct UploadFields {
    msg_type: String,
    file_name: String,
    file_size: u64,
    content_type: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TicketReply {
    /// A path with a signature, to which the file is sent.
    url: String,
    /// For messages: a path, at which the file will be read.
    download_url: String,
    #[serde(rename = "UUID")]
    uuid: String,
    /// When `url` expires, Unix seconds.
    expire_time: u64,
}

impl ClientRequest for UploadTicket {
    const COMMAND: &'static str = "upload_ticket";
    type Fields = UploadFields;
    type Reply = TicketReply;

    async fn run(
        context: RequestContext<'_>,
        fields: UploadFields,
    ) -> Result<Option<TicketReply>, RequestError> {
        let client = context.client;
        let name = check(client, &fields)?;
        let id = new_id()?;
        let (account, quota_bytes) = (client.account().clone(), client.app.uploads.quota_bytes);
        let (bytes, content_type) = (fields.file_size, fields.content_type.to_ascii_lowercase().into());
        let announced = AnnounceUpload { id: id.clone(), account, bytes, content_type, quota_bytes };
        let until = import_people(&*client.server.store, client.context(), announced).await;
        let until = until.map_err(|error| match error {
            OperationError::Refused(refusal) => refused(refusal, bytes, quota_bytes),
            OperationError::Store(error) => error.into(),
        })?;
        let file = FileAddress { app: client.app.id, id: FileId::from(&id), name };
        let (uuid, download_url) = (id.to_string(), file.to_string());
        let url = Ticket { id, file }.signed(&client.app.key, until);
        Ok(Some(TicketReply { url, download_url, uuid, expire_time: until.0 }))
    }
}

fn new_id() -> Result<UploadId, Failure> {
    let mut random = [0; 24];
    // Whoever could guess an id would still need a signature.
    getrandom::fill(&mut random).map_err(|error| Code::GroupInternal.internal(error))?;
    Ok(UploadId::of(random))
}

fn refused(refusal: UploadRefusal, bytes: u64, quota: u64) -> Failure {
    match refusal {
        UploadRefusal::TooManyOpen => Code::TooFrequent.because(format!(
            "{OPEN_MAX} files of the account are announced and have not arrived; send one of them first"
        )),
        UploadRefusal::NoRoom { used } => Code::GroupNotAllowed.because(format!(
            "FileSize is {bytes}; the files of the app have {used} bytes, and at most {quota} are allowed"
        )),
    }
}

/// The name of the file, when it may be sent.
fn check(client: &ConnectedClient, fields: &UploadFields) -> Result<FileName, Failure> {
    let illegal = |text: String| Err(Code::GroupParameter.because(text));
    let (uploads, config) = (&client.app.uploads, &client.server.files_config);
    let max = match &*fields.msg_type {
        "TIMImageElem" => uploads.image_bytes_max,
        "TIMSoundElem" => uploads.audio_bytes_max,
        "TIMVideoFileElem" => uploads.video_bytes_max,
        "TIMFileElem" => uploads.file_bytes_max,
        _ => {
            return illegal(
                "MsgType must be TIMImageElem, TIMSoundElem, TIMVideoFileElem or TIMFileElem".to_owned(),
            );
        }
    };
    let name = FileName::parse(&fields.file_name)
        .map_err(|problem| Code::GroupParameter.because(format!("FileName {problem}")))?;
    if !config.extensions.is_empty() && !config.extensions.contains(&name.extension()) {
        let (ending, allowed) = (name.extension(), config.extensions.join(", "));
        return illegal(format!("FileName ends in {ending:?}; {allowed} are allowed"));
    }
    let max = max.min(config.bytes_max);
    if fields.file_size == 0 || max < fields.file_size {
        return illegal(format!(
            "FileSize is {}; a file of {} has 1 to {max} bytes",
            fields.file_size, fields.msg_type
        ));
    }
    if !is_type(&fields.content_type) {
        return illegal(format!(
            "ContentType must be a type such as image/png, at most {TYPE_BYTES_MAX} bytes"
        ));
    }
    if fields.msg_type == "TIMImageElem" && !IMAGE_TYPES.contains(&&*fields.content_type.to_ascii_lowercase())
    {
        return illegal(format!(
            "ContentType of an image must be one of {}; send others as TIMFileElem",
            IMAGE_TYPES.join(", ")
        ));
    }
    Ok(name)
}

fn is_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_'))
    };
    text.len() <= TYPE_BYTES_MAX
        && text.split_once('/').is_some_and(|(kind, subtype)| is_word(kind) && is_word(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_two_words() {
        for right in ["image/png", "application/vnd.ms-excel", "image/svg+xml", "application/x_7"] {
            assert!(is_type(right), "{right}");
        }
        let long = format!("a/{}", "b".repeat(99));
        for wrong in ["", "png", "/", "a/", "/b", "a/b/c", "text/html; charset=utf-8", "a/b\r\nx: y", &long] {
            assert!(!is_type(wrong), "{wrong}");
        }
    }
}

//! `openim/admin_set_msg_read`: marks what an account got from another as read.
//!
//! [choice] `MsgReadTime` is a number, or one in quotes. A time in the future means now.

use super::message::{account, failure};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, literal};
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::read_direct::{ReadDirect, ReadRefusal};
use landfall_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Report_Account")]
    report_account: Field<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Field<String>,
    msg_read_time: Option<Box<RawValue>>,
}

impl Command for Request {
    const PATH: &'static str = "openim/admin_set_msg_read";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let reader = account(self.report_account, "Report_Account", Code::FromAccountIllegal)?;
        let peer = account(self.peer_account, "Peer_Account", Code::ToAccountIllegal)?;
        let until = self.msg_read_time.as_deref().map(seconds).transpose()?.flatten();
        let until = until.map(|until| until.min(call.now));
        let read = call.change_people(ReadDirect { reader, peer, until }).await;
        read.map_err(|error| failure(error, refused))?;
        Ok(Nothing {})
    }
}

/// `None` for a member that is not given, which some clients write as 0.
fn seconds(given: &RawValue) -> Result<Option<Timestamp>, Failure> {
    if matches!(given.get(), "null" | "\"\"" | "0" | "\"0\"") {
        return Ok(None);
    }
    let illegal = |problem: String| Code::MessageIllegal.because(format!("MsgReadTime {problem}"));
    let text = literal(given).map_err(|found| illegal(format!("must be a number, not {found}")))?;
    let seconds: u32 =
        text.trim().parse().map_err(|_| illegal("must be a number of seconds since 1970".to_owned()))?;
    Ok(Some(Timestamp(seconds.into())))
}

fn refused(refusal: ReadRefusal) -> Failure {
    match refusal {
        ReadRefusal::NoSuchReader => Code::FromAccountIllegal.because("Report_Account is not imported"),
        ReadRefusal::NoSuchPeer => Code::ToAccountIllegal.because("Peer_Account is not imported"),
    }
}

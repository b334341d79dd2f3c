//! `openconfigsvr/setnospeaking`: keeps an account from sending to other accounts, to groups, or both, for some time.
//!
//! Its messages to groups are refused with 10017, before the app's webhook is asked; those of an administrator never are.
//! `sendmsg` does not look at the mute of the sender whom it names. [doc]
//!
//! [choice] Nor does `batchsendmsg`.

use super::{account, internal, unknown};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::OperationError;
use landfall_domain::people::operations::set_mute::SetMute;
use landfall_domain::people::operations::set_portrait::UnknownAccount;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "Set_Account")]
    account: Field<String>,
    #[serde(rename = "C2CmsgNospeakingTime")]
    direct: Field<i128>,
    #[serde(rename = "GroupmsgNospeakingTime")]
    groups: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "openconfigsvr/setnospeaking";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let wrong = Code::MuteAccountIllegal;
        let account = account(self.account, "Set_Account", Code::MuteAccountMissing, wrong)?;
        let direct = seconds(self.direct, "C2CmsgNospeakingTime")?;
        let groups = seconds(self.groups, "GroupmsgNospeakingTime")?;
        if direct.or(groups).is_none() {
            let text = "C2CmsgNospeakingTime or GroupmsgNospeakingTime is required";
            return Err(Code::MuteTimeIllegal.because(text));
        }
        let operation = SetMute { account: account.clone(), direct, groups };
        call.change_people(operation).await.map_err(|error| match error {
            OperationError::Refused(UnknownAccount) => unknown(&account, "Set_Account", wrong),
            OperationError::Store(error) => internal(error),
        })?;
        Ok(Nothing {})
    }
}

/// Seconds; 0: no longer, 4294967295: without end.
fn seconds(given: Field<i128>, field: &str) -> Result<Option<u32>, Failure> {
    let given = given.optional(field).map_err(|error| error.failure(Code::MuteTimeIllegal))?;
    let fits = |number: i128| {
        let text = || format!("{field} must be 0 to {}, not {number}", u32::MAX);
        u32::try_from(number).map_err(|_| Code::MuteTimeIllegal.because(text()))
    };
    given.map(fits).transpose()
}

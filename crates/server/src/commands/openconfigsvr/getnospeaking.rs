//! `openconfigsvr/getnospeaking`: answers for how many seconds an account may not send yet; 4294967295: without end.

use super::{account, internal, unknown};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "Get_Account")]
    account: Field<String>,
}

#[derive(Debug, Serialize)]
pub struct Reply {
    #[serde(rename = "C2CmsgNospeakingTime")]
    direct: u64,
    #[serde(rename = "GroupmsgNospeakingTime")]
    groups: u64,
}

impl Command for Request {
    const PATH: &'static str = "openconfigsvr/getnospeaking";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let wrong = Code::MutedAccountIllegal;
        let account = account(self.account, "Get_Account", Code::MutedAccountMissing, wrong)?;
        let needs = PeopleNeeds {
            accounts: vec![account.clone()],
            facts: vec![(Subject::Account(account.clone()), FactKey::Mute)],
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown(&account, "Get_Account", wrong));
        }
        let mute = found.mute_of(&account);
        let left = |until: Timestamp| match until {
            Timestamp::FOR_EVER => until.0,
            _ => until.0.saturating_sub(call.now.0),
        };
        Ok(Reply { direct: left(mute.direct), groups: left(mute.groups) })
    }
}

//! `sns/friend_check`: whether an account has others among its friends, and they it.
//!
//! An older client library writes the one-way check with a typing error, which is taken too. [client]

use super::check::{Look, Row, Words, relations};
use super::{from_account, illegal, to_accounts, word};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::fact::FactKey;
use serde::{Deserialize, Serialize};

const WORDS: Words = Words {
    none: "CheckResult_Type_NoRelation",
    first: "CheckResult_Type_AWithB",
    second: "CheckResult_Type_BWithA",
    both: "CheckResult_Type_BothWay",
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<Entries<String>>,
    check_type: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    info_item: Vec<Row>,
    /// Only when some could not be looked at. [doc]
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_check";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let items = to_accounts(self.to_account, call.limits.friends.per_call)?;
        let given = self.check_type.required("CheckType").map_err(illegal)?;
        let given =
            if given == "CheckResult_Type_Singal" { "CheckResult_Type_Single".to_owned() } else { given };
        let both =
            word(Field::Value(given), "CheckType", ["CheckResult_Type_Single", "CheckResult_Type_Both"])?;
        let look = Look { key: FactKey::Friend, both: both == Some(1), words: WORDS };
        let (info_item, fail_account) = relations(account, items, look, call).await?;
        Ok(Reply { info_item, fail_account })
    }
}

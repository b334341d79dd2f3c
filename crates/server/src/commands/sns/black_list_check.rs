//! `sns/black_list_check`: whether an account has others on its blocklist, and they it.

use super::check::{Look, Row, Words, relations};
use super::{from_account, illegal, to_accounts, word};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::fact::FactKey;
use serde::{Deserialize, Serialize};

const WORDS: Words = Words {
    none: "BlackCheckResult_Type_NO",
    first: "BlackCheckResult_Type_AWithB",
    second: "BlackCheckResult_Type_BWithA",
    both: "BlackCheckResult_Type_BothWay",
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
    black_list_check_item: Vec<Row>,
    /// Only when some could not be looked at. [doc]
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "sns/black_list_check";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let items = to_accounts(self.to_account, call.limits.friends.per_call)?;
        let given = Field::Value(self.check_type.required("CheckType").map_err(illegal)?);
        let words = ["BlackCheckResult_Type_Single", "BlackCheckResult_Type_Both"];
        let both = word(given, "CheckType", words)? == Some(1);
        let look = Look { key: FactKey::Blocked, both, words: WORDS };
        let (black_list_check_item, fail_account) = relations(account, items, look, call).await?;
        Ok(Reply { black_list_check_item, fail_account })
    }
}

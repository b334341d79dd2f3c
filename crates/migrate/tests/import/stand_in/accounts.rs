use super::{Reply, State, text};
use serde_json::{Value, json};

impl State {
    pub(super) fn import_accounts(&mut self, body: &Value) -> Reply {
        let list = body["AccountList"].as_array().unwrap();
        assert!(list.len() <= 100);
        for account in list {
            let nick = self.accounts.entry(text(account, "UserID").to_owned()).or_default();
            if let Some(given) = account["Nick"].as_str() {
                given.clone_into(nick);
            }
        }
        Ok(json!({ "FailAccounts": [] }))
    }
}

//! Profiles, friends, blocklists and one-to-one messages.

use super::{Reply, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

type Accounts = BTreeMap<String, String>;

/// What accounts have besides their nicks.
#[derive(Default)]
pub(crate) struct People {
    /// Fields of profiles by account and tag.
    pub(crate) profiles: BTreeMap<(String, String), Value>,
    /// What an account keeps of a friend.
    pub(crate) friends: BTreeMap<(String, String), Value>,
    /// An account, and one on its blocklist.
    pub(crate) blocks: BTreeMap<(String, String), ()>,
    /// By the two accounts in order, and by time, number and random number: as the documentation says, one with the same numbers
    /// is the same message.
    pub(crate) talks: BTreeMap<([String; 2], [u64; 3]), Value>,
}

fn results(list: &[(String, u64, &str)]) -> Value {
    let row = |(id, code, info): &(String, u64, &str)| json!({ "To_Account": id, "ResultCode": code, "ResultInfo": info });
    let failed: Vec<_> = list.iter().filter(|(_, code, _)| *code != 0).map(|(id, ..)| id.clone()).collect();
    let mut reply = json!({ "ResultItem": list.iter().map(row).collect::<Vec<_>>() });
    if !failed.is_empty() {
        reply["Fail_Account"] = json!(failed);
    }
    reply
}

impl People {
    pub(super) fn set_profile(&mut self, body: &Value, accounts: &Accounts) -> Reply {
        let account = text(body, "From_Account").to_owned();
        if !accounts.contains_key(&account) {
            return Err(40_003);
        }
        for item in body["ProfileItem"].as_array().unwrap() {
            let place = (account.clone(), text(item, "Tag").to_owned());
            self.profiles.insert(place, item["Value"].clone());
        }
        Ok(json!({}))
    }

    pub(super) fn import_friends(&mut self, body: &Value, accounts: &Accounts) -> Reply {
        let account = text(body, "From_Account").to_owned();
        if !accounts.contains_key(&account) {
            return Err(30_003);
        }
        let list = body["AddFriendItem"].as_array().unwrap().iter().map(|item| {
            let friend = text(item, "To_Account").to_owned();
            let place = (account.clone(), friend.clone());
            if !accounts.contains_key(&friend) {
                (friend, 30_003, "Err_SNS_FriendImport_Account_Not_Exist")
            } else if let Entry::Vacant(free) = self.friends.entry(place) {
                free.insert(item.clone());
                (friend, 0, "")
            } else {
                (friend, 30_520, "Err_SNS_FriendImport_Friend_Exist")
            }
        });
        Ok(results(&list.collect::<Vec<_>>()))
    }

    /// Ends the friendship of the two, as documented.
    pub(super) fn block(&mut self, body: &Value, accounts: &Accounts) -> Reply {
        let account = text(body, "From_Account").to_owned();
        if !accounts.contains_key(&account) {
            return Err(30_003);
        }
        let list = body["To_Account"].as_array().unwrap().iter().map(|id| {
            let other = id.as_str().unwrap().to_owned();
            if !accounts.contains_key(&other) {
                return (other, 30_003, "Err_SNS_BlackListAdd_Account_Not_Exist");
            }
            self.friends.remove(&(account.clone(), other.clone()));
            self.friends.remove(&(other.clone(), account.clone()));
            match self.blocks.insert((account.clone(), other.clone()), ()) {
                None => (other, 0, ""),
                Some(()) => (other, 30_001, "Err_SNS_BlackListAdd_Already_Exist"),
            }
        });
        Ok(results(&list.collect::<Vec<_>>()))
    }

    pub(super) fn import_message(&mut self, body: &Value, accounts: &Accounts) -> Reply {
        assert_eq!(body["SyncFromOldSystem"], 2, "nobody is to hear of what is imported");
        let mut two = [text(body, "From_Account").to_owned(), text(body, "To_Account").to_owned()];
        if !two.iter().all(|account| accounts.contains_key(account)) {
            return Err(90_012);
        }
        two.sort();
        let key = ["MsgTimeStamp", "MsgSeq", "MsgRandom"].map(|name| body[name].as_u64().unwrap());
        let known = self.talks.insert((two, key), body.clone());
        assert!(known.is_none_or(|known| known == *body), "two messages have the same numbers: {body}");
        Ok(json!({}))
    }
}

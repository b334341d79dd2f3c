//! `im_open_login_svc/multiaccount_import`: imports up to 100 accounts. Those that fail are named in the answer.
//!
//! Two shapes are documented, a list of names and a list of objects; both are taken, also together.

use super::{illegal, internal, profile_value, refuse_too_many, user};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use landfall_domain::account::AccountImport;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    accounts: Given<Vec<Given<String>>>,
    account_list: Given<Vec<Given<Object<Profile>>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct Profile {
    #[serde(rename = "UserID")]
    user_id: Given<String>,
    nick: Given<String>,
    face_url: Given<String>,
}

/// The reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// Names that were not imported; empty when all were.
    fail_accounts: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "im_open_login_svc/multiaccount_import";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let profiles = self.profiles(call)?;
        let mut fail_accounts = Vec::new();
        let mut imports = Vec::with_capacity(profiles.len());
        for (name, profile) in profiles {
            match import(profile, call) {
                Ok(import) => imports.push(import),
                Err(failure) if failure.code == Code::AccountNotText => return Err(failure),
                Err(_) => fail_accounts.push(name),
            }
        }
        if !imports.is_empty() {
            call.store.import_accounts(call.context(), imports).await.map_err(internal)?;
        }
        Ok(Reply { fail_accounts })
    }
}

impl Request {
    /// Every account asked for, with its name as it was written.
    fn profiles(self, call: &Call) -> Result<Vec<(String, Profile)>, Failure> {
        let names = self.accounts.list("Accounts").map_err(illegal)?;
        let objects = self.account_list.list("AccountList").map_err(illegal)?;
        if names.is_empty() && objects.is_empty() {
            return Err(illegal(Misfit::Missing("Accounts".to_owned())));
        }
        refuse_too_many(names.len() + objects.len(), "Accounts", call)?;
        let mut profiles: Vec<Profile> =
            names.into_iter().map(|user_id| Profile { user_id, ..Profile::default() }).collect();
        for (index, object) in objects.into_iter().enumerate() {
            profiles.push(object.required(&format!("AccountList[{index}]")).map_err(illegal)?.0);
        }
        Ok(profiles
            .into_iter()
            .map(|profile| {
                let name = match &profile.user_id {
                    Given::Is(name) => name.clone(),
                    Given::Absent | Given::Wrong(_) => String::new(),
                };
                (name, profile)
            })
            .collect())
    }
}

fn import(profile: Profile, call: &Call) -> Result<AccountImport, Failure> {
    Ok(AccountImport {
        id: user(profile.user_id, Given::Absent, "UserID")?,
        nick: profile_value(profile.nick, "Nick", call.limits.profile_value)?,
        face_url: profile_value(profile.face_url, "FaceUrl", call.limits.profile_value)?,
    })
}

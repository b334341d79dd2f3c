//! `recentcontact/del_contact_group`: deletes a folder of conversations. The conversations stay.

use super::folder::{FolderRow, name, only, refused};
use super::from_account;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::operations::delete_folder::DeleteFolder;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    group_name: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_item: [FolderRow; 1],
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/del_contact_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let names = self.group_name.required("GroupName");
        let given = only(names.map_err(|error| error.failure(Code::ChatParameter))?, "GroupName")?;
        let limits = call.limits.folders;
        let name = name(given, "GroupName[0]", &limits)?;
        let deleted = call.change_people(DeleteFolder { account, name }).await;
        let folder = deleted.map_err(|error| refused(error, &limits))?;
        Ok(Reply { group_item: [(&folder).into()] })
    }
}

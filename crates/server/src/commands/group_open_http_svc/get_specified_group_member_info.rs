//! `group_open_http_svc/get_specified_group_member_info`: reads the named members of one group.
//!
//! Members come in the order of the request; accounts that are no members are left out. [choice]

use super::member_row::{FieldNames, Filter, MemberRow, record_filters};
use super::{accounts, group_id, refuse_without_members};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Member_List_Account")]
    member_list_account: Field<Vec<Field<String>>>,
    member_info_filter: FieldNames,
    member_role_filter: FieldNames,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    member_fields: FieldNames,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
    member_list: Vec<MemberRow>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_specified_group_member_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let requested = accounts(self.member_list_account, "Member_List_Account", call.limits.named_members)?;
        let snapshot = call.snapshot(group, Needs { members: requested.clone(), ..Needs::default() }).await?;
        refuse_without_members(snapshot.group.kind)?;
        let (filter, fields) = record_filters(self.member_info_filter, self.member_fields);
        let roles = Filter::new(self.member_role_filter);
        let members = requested.iter().filter_map(|account| snapshot.members.get(account));
        let members = members.filter(|member| roles.takes(&[member.role.as_str()])).cloned().collect();
        Ok(Reply {
            group_id: snapshot.group.id.as_str().to_owned(),
            member_list: MemberRow::list(call, members, &snapshot.group, (&filter, &fields)).await?,
        })
    }
}

//! The group service: what its commands share.

pub mod destroy_group;
pub mod get_appid_group_list;
pub mod get_group_info;
pub mod get_group_member_info;
pub mod import_group;
pub mod import_group_member;
mod member_row;
mod profile;

use crate::call::{Call, account};
use crate::code::Code;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::member::Role;
use landfall_domain::new_group::NewMember;
use landfall_domain::time::Timestamp;
use serde::Deserialize;

/// A member that is missing or of the wrong type is 10004 here. [doc]
impl From<Misfit> for Failure {
    fn from(misfit: Misfit) -> Self {
        Code::GroupParameter.because(misfit.to_string())
    }
}

/// The group a command is about.
fn group_id(given: Given<String>) -> Result<GroupId, Failure> {
    let raw = given.required("GroupId")?;
    GroupId::parse(&raw).ok_or_else(|| Code::GroupIdIllegal.because("GroupId is not a group id"))
}

/// A number that must lie within `0..=max`.
fn number_up_to(number: i128, field: &str, max: u64) -> Result<u64, Failure> {
    u64::try_from(number)
        .ok()
        .filter(|number| *number <= max)
        .ok_or_else(|| Code::GroupParameter.because(format!("{field} is {number}; 0 to {max} are allowed")))
}

/// A time that clients may leave out or send as 0.
fn time(given: Given<i128>, field: &str) -> Result<Option<Timestamp>, Failure> {
    let seconds = given.optional(field)?.unwrap_or_default();
    let seconds = number_up_to(seconds, field, u32::MAX.into())?;
    Ok((seconds != 0).then_some(Timestamp(seconds)))
}

/// A member as import commands take it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AskedMember {
    #[serde(rename = "Member_Account")]
    member_account: Given<String>,
    role: Given<String>,
    join_time: Given<i128>,
    unread_msg_num: Given<i128>,
    mute_until: Given<i128>,
    shut_up_until: Given<i128>,
}

/// The members named in a call, checked one by one but for the rules that give each its own result.
fn members(list: Vec<Given<Object<AskedMember>>>, call: &Call) -> Result<Vec<NewMember>, Failure> {
    let max = call.limits.members_per_call;
    if max < list.len() {
        return Err(Code::GroupTooManyAccounts
            .because(format!("MemberList names {} accounts; at most {max} are allowed", list.len())));
    }
    list.into_iter().enumerate().map(|(index, item)| member(item, index)).collect()
}

fn member(item: Given<Object<AskedMember>>, index: usize) -> Result<NewMember, Failure> {
    let at = |field: &str| format!("MemberList[{index}].{field}");
    let asked = item.required(&format!("MemberList[{index}]"))?.0;
    let name = at("Member_Account");
    let Some(account) = account(asked.member_account, &name, Code::GroupParameter)? else {
        return Err(Misfit::Missing(name).into());
    };
    let role = match asked.role.optional(&at("Role"))? {
        None => Role::Member,
        Some(word) => Role::parse(&word).ok_or_else(|| {
            Code::GroupParameter.because(format!("{} is {word:?}, not Admin or Member", at("Role")))
        })?,
    };
    let unread = asked.unread_msg_num.optional(&at("UnreadMsgNum"))?.unwrap_or_default();
    let unread = number_up_to(unread, &at("UnreadMsgNum"), u32::MAX.into())?;
    let muted_until = time(asked.mute_until.or(asked.shut_up_until), &at("MuteUntil"))?;
    Ok(NewMember {
        account,
        role,
        joined: time(asked.join_time, &at("JoinTime"))?,
        unread: u32::try_from(unread).unwrap_or(u32::MAX),
        muted_until: muted_until.unwrap_or_default(),
        fields: Vec::new(),
    })
}

//! The group service: what its commands share.

pub mod add_group_member;
pub mod add_permission_group_member;
pub mod add_topic_permission_group;
mod attributes;
pub mod ban_group_member;
mod base_row;
pub mod change_group_owner;
pub mod clear_group_attr;
pub mod clear_group_msg;
mod counters;
pub mod create_group;
pub mod create_permission_group;
pub mod delete_group_attr;
pub mod delete_group_counter;
pub mod delete_group_member;
pub mod delete_group_msg_by_sender;
pub mod delete_permission_group_member;
pub mod delete_topic_permission_group;
pub mod destroy_group;
pub mod destroy_permission_group;
pub mod forbid_send_msg;
pub mod get_appid_group_list;
pub mod get_group_ban_member;
pub mod get_group_counter;
pub mod get_group_info;
pub mod get_group_member_info;
pub mod get_group_msg_receipt;
pub mod get_group_msg_receipt_detail;
pub mod get_group_muted_account;
pub mod get_group_shutted_uin;
pub mod get_joined_group_list;
pub mod get_online_member_num;
pub mod get_permission_group;
pub mod get_permission_group_member_list;
pub mod get_role_in_group;
pub mod get_specified_group_member_info;
pub mod get_topic_permission_group;
pub mod group_msg_get_simple;
pub mod group_msg_recall;
pub mod group_msg_receipt;
pub mod import_group;
pub mod import_group_member;
pub mod import_group_msg;
pub mod import_topic;
mod member_list;
pub(super) mod member_row;
pub mod modify_group_attr;
pub mod modify_group_base_info;
pub mod modify_group_member_info;
pub mod modify_permission_group;
mod parts;
mod permission_group;
pub(super) mod profile;
mod receipt;
pub mod send_broadcast_msg;
pub mod send_group_msg;
pub mod send_group_system_notification;
pub mod set_group_attr;
pub mod set_topic_permission_group;
pub mod set_unread_msg_num;
mod topic_permissions;
pub mod unban_group_member;
pub mod update_group_counter;

use crate::call::{Call, ReadOnlyCall};
use crate::code::Code;
use crate::commands::account::{self, account};
use crate::field::{Field, FieldError, Object};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::fields::changed_fields;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::NewMember;
use landfall_domain::time::Timestamp;
use member_list::Member;
use profile::{CustomFieldInput, member_fields, text};
use serde::Deserialize;

/// A member that is missing or of the wrong type is 10004 here. [doc]
impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        error.failure(Code::GroupParameter)
    }
}

pub(super) fn group_id(given: Field<String>) -> Result<GroupId, Failure> {
    let raw = given.required("GroupId")?;
    GroupId::parse(&raw).ok_or_else(|| Code::GroupIdIllegal.because("GroupId is not a group id"))
}

/// The names in a required list, at most `max`.
pub(super) fn names(
    given: Field<Vec<Field<String>>>,
    field: &str,
    max: usize,
) -> Result<Vec<String>, Failure> {
    let list = given.required(field)?;
    if max < list.len() {
        return Err(Code::GroupParameter
            .because(format!("{field} has {} entries; at most {max} are allowed", list.len())));
    }
    check_all(field, list, |name, place| Ok(name.required(place)?))
}

/// Aligns the outcomes of valid entries with all entries: `None` for an invalid entry.
pub(super) fn align_outcomes<Outcome>(
    is_read: impl IntoIterator<Item = bool>,
    outcomes: Vec<Outcome>,
) -> impl Iterator<Item = Option<Outcome>> {
    let mut outcomes = outcomes.into_iter();
    is_read.into_iter().map(move |is_read| if is_read { outcomes.next() } else { None })
}

/// A number that must lie within `0..=max`.
pub(super) fn number_up_to(number: i128, field: &str, max: u64) -> Result<u64, Failure> {
    u64::try_from(number)
        .ok()
        .filter(|number| *number <= max)
        .ok_or_else(|| Code::GroupParameter.because(format!("{field} is {number}; 0 to {max} are allowed")))
}

/// The account in a required member called `field`.
pub(super) fn required_account(given: Field<String>, field: &str) -> Result<UserId, Failure> {
    account::required_account(given, field, Code::GroupParameter)
}

/// The accounts of a list called `field`, at most `max`.
pub(super) fn accounts(
    given: Field<Vec<Field<String>>>,
    field: &str,
    max: usize,
) -> Result<Vec<UserId>, Failure> {
    let list = given.required(field)?;
    refuse_too_many_accounts(list.len(), field, max)?;
    check_all(field, list, required_account)
}

/// Refuses a list called `field` that names more than `max` accounts.
pub(super) fn refuse_too_many_accounts(named: usize, field: &str, max: usize) -> Result<(), Failure> {
    if max < named {
        return Err(Code::GroupTooManyAccounts
            .because(format!("{field} names {named} accounts; at most {max} are allowed")));
    }
    Ok(())
}

/// The end of a mute that lasts `seconds` from now; 0 lifts it, and 4294967295 never ends. [doc]
fn mute_end(seconds: i128, call: &Call) -> Result<Timestamp, Failure> {
    let seconds = number_up_to(seconds, "MuteTime", u32::MAX.into())?;
    Ok(match u32::try_from(seconds).unwrap_or(u32::MAX) {
        0 => Timestamp(0),
        seconds => call.now.plus(seconds),
    })
}

fn on_off(given: Field<String>, field: &str) -> Result<Option<bool>, Failure> {
    match given.optional(field)?.as_deref() {
        None => Ok(None),
        Some("On") => Ok(Some(true)),
        Some("Off") => Ok(Some(false)),
        Some(word) => Err(Code::GroupParameter.because(format!("{field} is {word:?}, not On or Off"))),
    }
}

/// A member that is 0 or 1.
fn flag(given: Field<i128>, field: &str) -> Result<Option<bool>, Failure> {
    let number = given.optional(field)?;
    number.map(|number| Ok(number_up_to(number, field, 1)? == 1)).transpose()
}

/// Whether nobody is told. What members do is always told: they cannot invite or remove in secret. [choice]
fn silent(given: Field<i128>, call: &Call) -> Result<bool, Failure> {
    let asked = flag(given, "Silence")?.unwrap_or_default();
    Ok(asked && !call.is_for_account())
}

/// Refuses types that keep no members. [doc]
fn refuse_without_members(kind: GroupType) -> Result<(), Failure> {
    if kind.can().members {
        return Ok(());
    }
    Err(Code::GroupNotAllowed.because(format!("groups of Type {} keep no members", kind.as_str())))
}

/// The type that a list is limited to; `None` for a type that cannot be created here, so that no such groups exist.
fn listed_type(word: &str) -> Result<Option<GroupType>, Failure> {
    match GroupType::parse(word) {
        None if word != "BChatRoom" => {
            Err(Code::GroupParameter.because(format!("GroupType is {word:?}, which is not a group type")))
        }
        kind => Ok(kind),
    }
}

/// The operator: the account that the request names, else the caller. The account need not exist: it is only a name, and
/// administrators need not be imported either. [choice]
fn operator(from_account: Field<String>, call: &Call) -> Result<UserId, Failure> {
    let from = account(from_account, "From_Account", Code::GroupParameter)?;
    Ok(from.unwrap_or_else(|| call.caller.clone()))
}

/// An optional time; clients may also send 0 for none.
fn time(given: Field<i128>, field: &str) -> Result<Option<Timestamp>, Failure> {
    let seconds = given.optional(field)?.unwrap_or_default();
    let seconds = number_up_to(seconds, field, u32::MAX.into())?;
    Ok((seconds != 0).then_some(Timestamp(seconds)))
}

/// A number of unread messages. The store cuts it to the number of messages there are. [doc]
fn unread_count(number: i128, field: &str) -> Result<u32, Failure> {
    if number < 0 {
        return Err(Code::GroupParameter.because(format!("{field} is {number}; it must not be negative")));
    }
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A member in the request of an import.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImportMemberInput {
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
    role: Field<String>,
    join_time: Field<i128>,
    unread_msg_num: Field<i128>,
    mute_until: Field<i128>,
    shut_up_until: Field<i128>,
    name_card: Field<String>,
    app_member_defined_data: Field<Vec<Field<Object<CustomFieldInput>>>>,
}

impl Member for ImportMemberInput {
    fn account(&self) -> &Field<String> {
        &self.member_account
    }
}

/// The members in a `MemberList` of a group of type `kind`, all of which must be valid.
fn members(
    list: Vec<Field<Object<ImportMemberInput>>>,
    kind: GroupType,
    call: &ReadOnlyCall,
) -> Result<Vec<NewMember>, Failure> {
    refuse_too_many_accounts(list.len(), "MemberList", call.limits.members_per_call)?;
    check_all("MemberList", list, |item, place| member(item.required(place)?.0, place, Some(kind), call))
}

/// The member at `place` of its list. `kind`, the type of its group, is needed for custom fields only.
///
/// `NameCard` and `AppMemberDefinedData` are taken although no edition lists them: otherwise no import could bring them in
/// silently. They have the names, limits and rules of `modify_group_member_info`. [choice]
fn member(
    requested: ImportMemberInput,
    place: &str,
    kind: Option<GroupType>,
    call: &ReadOnlyCall,
) -> Result<NewMember, Failure> {
    let at = |field: &str| format!("{place}.{field}");
    let account = required_account(requested.member_account, &at("Member_Account"))?;
    let role = match requested.role.optional(&at("Role"))? {
        None => Role::Member,
        Some(word) => Role::parse(&word).ok_or_else(|| {
            Code::GroupParameter.because(format!("{} is {word:?}, not Admin or Member", at("Role")))
        })?,
    };
    let unread = requested.unread_msg_num.optional(&at("UnreadMsgNum"))?.unwrap_or_default();
    let unread = unread_count(unread, &at("UnreadMsgNum"))?;
    let muted_until = time(requested.mute_until.or(requested.shut_up_until), &at("MuteUntil"))?;
    let joined = time(requested.join_time, &at("JoinTime"))?;
    let name_card = text(requested.name_card, &at("NameCard"), call.limits.name_card)?;
    let fields = match kind {
        Some(kind) => {
            let name = at("AppMemberDefinedData");
            member_fields(requested.app_member_defined_data, &name, kind, call)?
        }
        None => Vec::new(),
    };
    Ok(NewMember {
        account,
        role,
        joined,
        unread,
        muted_until: muted_until.unwrap_or_default(),
        name_card,
        fields: changed_fields(&[], fields),
    })
}

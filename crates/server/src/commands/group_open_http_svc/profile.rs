//! The profile of a group and its first members, in requests that create or change a group.

use super::{flag, number_up_to};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::commands::forbidden::refuse_words;
use crate::field::{Emptiable, Field, Object, Shape, literal};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::fields::{CustomField, FieldRule, FieldsProblem, parse_fields};
use landfall_domain::group::{GroupType, InviteOption, JoinOption};
use landfall_domain::ids::{GroupId, GroupIdProblem, UserId};
use landfall_domain::limits::{FieldLimits, Span};
use landfall_domain::new_group::{IdChoice, NewMember};
use landfall_domain::text::Text;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// A custom field in a request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CustomFieldInput {
    key: Field<String>,
    /// Some clients send any JSON type here, numbers among them. [client]
    value: Option<Box<RawValue>>,
}

/// An optional text with bounds; empty when missing.
pub(in crate::commands) fn text(given: Field<String>, field: &str, allowed: Span) -> Result<Text, Failure> {
    Text::parse(given.optional(field)?.unwrap_or_default(), allowed)
        .map_err(|problem| Code::GroupParameter.because(format!("{field} {problem}")))
}

/// The id of a new group: the requested one as `parse` takes it, or a generated one.
pub(super) fn id_choice(
    given: Field<String>,
    kind: GroupType,
    call: &ReadOnlyCall,
    parse: impl Fn(&str, GroupType) -> Result<GroupId, GroupIdProblem>,
) -> Result<IdChoice, Failure> {
    match given.optional("GroupId")? {
        None => Ok(IdChoice::Generated(call.random_bits)),
        Some(raw) => parse(&raw, kind)
            .map(IdChoice::Given)
            .map_err(|problem| Code::GroupParameter.because(format!("GroupId {problem}"))),
    }
}

/// Bits, as a number or, from one client, as a string. [client]
#[derive(Debug)]
pub(super) struct Bits(i128);

impl Shape for Bits {
    const EXPECTED: &'static str = "a whole number";

    fn takes() -> Value {
        i128::takes()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn from_integer(number: i128) -> Option<Self> {
        Some(Self(number))
    }
}

/// An optional text with bounds; the empty text counts as given.
pub(in crate::commands) fn new_text(
    given: Field<Emptiable>,
    field: &str,
    allowed: Span,
) -> Result<Option<Text>, Failure> {
    given.optional(field)?.map_or(Ok(None), |Emptiable(raw)| {
        Text::parse(raw, allowed)
            .map(Some)
            .map_err(|problem| Code::GroupParameter.because(format!("{field} {problem}")))
    })
}

/// The optional member limit. Errors name the newer of its two spellings; 0 means that it is not given. [client]
/// A group that keeps no members has no limit, whatever is given. [doc]
pub(super) fn max_members(
    given: Field<i128>,
    kind: GroupType,
    call: &ReadOnlyCall,
) -> Result<Option<u32>, Failure> {
    let max = match kind {
        GroupType::Community => call.limits.max_members_community,
        GroupType::Private | GroupType::Public | GroupType::ChatRoom => call.limits.max_members,
        GroupType::AvChatRoom => return Ok(given.optional("MaxMemberNum")?.and(None)),
    };
    let requested = given.optional("MaxMemberNum")?.unwrap_or_default();
    let requested = number_up_to(requested, "MaxMemberNum", max.into())?;
    Ok(u32::try_from(requested).ok().filter(|requested| *requested != 0))
}

pub(super) fn apply_join_option(given: Field<String>) -> Result<Option<JoinOption>, Failure> {
    given.optional("ApplyJoinOption")?.map_or(Ok(None), |word| {
        JoinOption::parse(&word).map(Some).ok_or_else(|| {
            Code::GroupParameter.because(format!(
                "ApplyJoinOption is {word:?}, not FreeAccess, NeedPermission or DisableApply"
            ))
        })
    })
}

pub(super) fn invite_join_option(given: Field<String>) -> Result<Option<InviteOption>, Failure> {
    given.optional("InviteJoinOption")?.map_or(Ok(None), |word| {
        InviteOption::parse(&word).map(Some).ok_or_else(|| {
            Code::GroupParameter.because(format!(
                "InviteJoinOption is {word:?}, not FreeAccess, NeedPermission or DisableInvite"
            ))
        })
    })
}

/// Whether permission groups are in force, and the permissions of members in none of them; each is optional.
pub(super) fn permissions(
    enable: Field<i128>,
    default: Field<Bits>,
) -> Result<(Option<bool>, Option<u64>), Failure> {
    let enable = flag(enable, "EnablePermission")?;
    let default = default.optional("DefaultPermission")?;
    let default = default.map(|Bits(bits)| number_up_to(bits, "DefaultPermission", u64::MAX)).transpose()?;
    Ok((enable, default))
}

pub(super) fn group_fields(
    given: Field<Vec<Field<Object<CustomFieldInput>>>>,
    kind: GroupType,
    call: &ReadOnlyCall,
) -> Result<Vec<CustomField>, Failure> {
    fields(given, "AppDefinedData", kind, call.group_fields(), call.limits.group_fields)
}

/// Custom fields of a member, in the request member called `name`.
pub(super) fn member_fields(
    given: Field<Vec<Field<Object<CustomFieldInput>>>>,
    name: &str,
    kind: GroupType,
    call: &ReadOnlyCall,
) -> Result<Vec<CustomField>, Failure> {
    fields(given, name, kind, call.member_fields(), call.limits.member_fields)
}

fn fields(
    given: Field<Vec<Field<Object<CustomFieldInput>>>>,
    name: &str,
    kind: GroupType,
    switched_on: &[FieldRule],
    limits: FieldLimits,
) -> Result<Vec<CustomField>, Failure> {
    let pairs = check_all(name, given.list(name)?, |entry, place| {
        let field = entry.required(place)?.0;
        // A missing key, or one spelled in lower case, is answered like a key that is not switched on. [sample]
        let absence = if matches!(field.key, Field::Empty) { "has an empty Key" } else { "has no Key" };
        let Some(key) = field.key.optional(&format!("{place}.Key"))? else {
            return Err(unknown_field(&format!("{place} {absence}")));
        };
        let value = field.value.as_deref().map_or(Ok(String::new()), literal).map_err(|found| {
            Code::GroupParameter.because(format!("{place}.Value must be a string, not {found}"))
        })?;
        Ok((key, value))
    })?;
    parse_fields(pairs, kind, switched_on, limits).map_err(|problem| match &problem.first {
        FieldsProblem::NotSwitchedOn(_) => unknown_field(&format!("{name} {problem}")),
        FieldsProblem::ReadOnly(_) => Code::GroupNotAllowed.because(format!("{name} {problem}")),
        FieldsProblem::KeyIllegal(_)
        | FieldsProblem::KeyTwice(_)
        | FieldsProblem::Value { .. }
        | FieldsProblem::TooMany { .. } => Code::GroupParameter.because(format!("{name} {problem}")),
    })
}

/// The text starts like that of the service. [sample]
fn unknown_field(problem: &str) -> Failure {
    Code::GroupParameter.because(format!("all defined key is invalid: {problem}"))
}

/// Refuses names, introductions and notices with a word that the app does not allow.
pub(super) async fn refuse_profile(
    name: Option<&Text>,
    introduction: Option<&Text>,
    notification: Option<&Text>,
    call: &ReadOnlyCall,
) -> Result<(), Failure> {
    let texts = [("Name", name), ("Introduction", introduction), ("Notification", notification)];
    let texts = texts.map(|(field, text)| (field, text.map(Text::as_str)));
    refuse_words(texts, call, Code::TextRefused, Failure::from).await
}

/// The listed members without the owner, each once.
pub(super) fn distinct_members(owner: Option<&UserId>, listed: Vec<NewMember>) -> Vec<NewMember> {
    let mut seen = BTreeSet::new();
    listed
        .into_iter()
        .filter(|member| owner != Some(&member.account) && seen.insert(member.account.clone()))
        .collect()
}

/// Refuses more members than the group may hold.
pub(super) fn refuse_more_than_fit(
    owner: Option<&UserId>,
    members: &[NewMember],
    max_members: u32,
    code: Code,
) -> Result<(), Failure> {
    let others = members.iter().filter(|member| owner != Some(&member.account)).count();
    let count = others + usize::from(owner.is_some());
    if usize::try_from(max_members).unwrap_or(usize::MAX) < count {
        return Err(
            code.because(format!("MemberList makes {count} members; the group may hold {max_members}"))
        );
    }
    Ok(())
}

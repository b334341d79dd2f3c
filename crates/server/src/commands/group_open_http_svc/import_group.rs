//! `group_open_http_svc/import_group`: brings in a group from another system.
//!
//! Silent: no callback, no notice, no message number is used. A repeated import of a living id is 10021 and
//! changes nothing.
//!
//! [choice] The checks run in the order of the documented list of causes; a `MemberList` is taken like that of
//! create_group, because real importers send one.

use super::{AskedMember, members, number_up_to, time};
use crate::call::{Call, Command, account};
use crate::code::Code;
use crate::given::{Given, Object, literal};
use crate::reply::Failure;
use landfall_domain::fields::{CustomField, FieldsProblem, parse_group_fields};
use landfall_domain::group::{GroupType, JoinOption, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::limits::{MAX_MEMBERS_DEFAULT, Span};
use landfall_domain::member::Role;
use landfall_domain::new_group::{IdChoice, NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::store::OperationError;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Owner_Account")]
    owner_account: Given<String>,
    #[serde(rename = "Type")]
    kind: Given<String>,
    group_id: Given<String>,
    name: Given<String>,
    introduction: Given<String>,
    notification: Given<String>,
    face_url: Given<String>,
    max_member_num: Given<i128>,
    max_member_count: Given<i128>,
    apply_join_option: Given<String>,
    app_defined_data: Given<Vec<Given<Object<Field>>>>,
    create_time: Given<i128>,
    support_topic: Given<i128>,
    member_list: Given<Vec<Given<Object<AskedMember>>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Field {
    key: Given<String>,
    /// Some clients type it as anything, so a number may arrive. [client]
    value: Option<Box<RawValue>>,
}

/// The reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/import_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let import = self.check(call)?;
        let id = call.store.import_group(call.context(), import).await.map_err(refuse)?;
        Ok(Reply { group_id: id.as_str().to_owned() })
    }
}

impl Request {
    fn check(self, call: &Call) -> Result<NewGroup, Failure> {
        let limits = call.limits;
        let kind = group_type(self.kind)?;
        let owner = account(self.owner_account, "Owner_Account", Code::GroupParameter)?;
        let name = text(Given::Is(self.name.required("Name")?), "Name", limits.name)?;
        let introduction = text(self.introduction, "Introduction", limits.introduction)?;
        let notification = text(self.notification, "Notification", limits.notification)?;
        let face_url = text(self.face_url, "FaceUrl", limits.face_url)?;
        let id = match self.group_id.optional("GroupId")? {
            None => IdChoice::Generated(call.random_bits),
            Some(raw) => IdChoice::Given(
                GroupId::parse_custom(&raw, kind)
                    .map_err(|problem| Code::GroupParameter.because(format!("GroupId {problem}")))?,
            ),
        };
        let max_members = max_members(self.max_member_num.or(self.max_member_count), kind, call)?;
        let join_option = join_option(self.apply_join_option, kind)?;
        let fields = fields(self.app_defined_data, kind, call)?;
        let created = created(self.create_time, call.now)?;
        let support_topic = self.support_topic.optional("SupportTopic")?.unwrap_or_default();
        let support_topic = number_up_to(support_topic, "SupportTopic", 1)? == 1;
        let members = members(self.member_list.list("MemberList")?, call)?;
        let (owner, members) = seats(owner, members, max_members)?;
        Ok(NewGroup {
            id,
            kind,
            profile: Profile { name, introduction, notification, face_url, fields, max_members, join_option },
            owner,
            members,
            // Valid for communities only, and ignored elsewhere. [doc]
            support_topic: support_topic && kind == GroupType::Community,
            created,
        })
    }
}

fn group_type(given: Given<String>) -> Result<GroupType, Failure> {
    let word = given.required("Type")?;
    match GroupType::parse(&word) {
        Some(kind) if kind.importable() => Ok(kind),
        None if word != "BChatRoom" => Err(Code::GroupParameter
            .because(format!("Type is {word:?}, not Public, Private, ChatRoom or Community"))),
        Some(_) | None => {
            Err(Code::GroupNotAllowed.because(format!("groups of Type {word} cannot be imported")))
        }
    }
}

fn text(given: Given<String>, field: &'static str, allowed: Span) -> Result<Text, Failure> {
    Text::parse(given.optional(field)?.unwrap_or_default(), allowed)
        .map_err(|problem| Code::GroupParameter.because(format!("{field} {problem}")))
}

/// Both spellings are called by the newest one; 0 is not given. [client]
fn max_members(given: Given<i128>, kind: GroupType, call: &Call) -> Result<u32, Failure> {
    let max = match kind {
        GroupType::Community => call.limits.max_members_community,
        GroupType::Private | GroupType::Public | GroupType::ChatRoom | GroupType::AvChatRoom => {
            call.limits.max_members
        }
    };
    let asked = given.optional("MaxMemberNum")?.unwrap_or_default();
    let asked = number_up_to(asked, "MaxMemberNum", max.into())?;
    Ok(u32::try_from(asked).ok().filter(|asked| *asked != 0).unwrap_or(MAX_MEMBERS_DEFAULT))
}

fn join_option(given: Given<String>, kind: GroupType) -> Result<JoinOption, Failure> {
    let default = kind.default_join_option_on_import();
    if kind == GroupType::Community {
        return Ok(default); // Not supported by communities; ignored, because SDKs send it. [choice]
    }
    given.optional("ApplyJoinOption")?.map_or(Ok(default), |word| {
        JoinOption::parse(&word).ok_or_else(|| {
            Code::GroupParameter.because(format!(
                "ApplyJoinOption is {word:?}, not FreeAccess, NeedPermission or DisableApply"
            ))
        })
    })
}

fn fields(
    given: Given<Vec<Given<Object<Field>>>>,
    kind: GroupType,
    call: &Call,
) -> Result<Vec<CustomField>, Failure> {
    let mut pairs = Vec::new();
    for (index, item) in given.list("AppDefinedData")?.into_iter().enumerate() {
        let field = item.required(&format!("AppDefinedData[{index}]"))?.0;
        // A key that is missing, or spelled in lower case, gets the answer of a key that is not switched on. [sample]
        let Some(key) = field.key.optional(&format!("AppDefinedData[{index}].Key"))? else {
            return Err(unknown_field(&format!("AppDefinedData[{index}] has no Key")));
        };
        let value = field.value.as_deref().map_or(Ok(String::new()), literal).map_err(|found| {
            Code::GroupParameter
                .because(format!("AppDefinedData[{index}].Value must be a string, not {found}"))
        })?;
        pairs.push((key, value));
    }
    parse_group_fields(pairs, kind, &call.app.group_fields, &call.limits).map_err(|problem| match problem {
        FieldsProblem::NotSwitchedOn(_) => unknown_field(&format!("AppDefinedData {problem}")),
        FieldsProblem::ReadOnly(_) => Code::GroupNotAllowed.because(format!("AppDefinedData {problem}")),
        FieldsProblem::KeyIllegal(_)
        | FieldsProblem::KeyTwice(_)
        | FieldsProblem::Value { .. }
        | FieldsProblem::TooMany { .. } => Code::GroupParameter.because(format!("AppDefinedData {problem}")),
    })
}

/// The text starts as the service's own does. [sample]
fn unknown_field(problem: &str) -> Failure {
    Code::GroupParameter.because(format!("all defined key is invalid: {problem}"))
}

/// In the future it would make the group unusable: members and messages must lie between it and now. [choice]
fn created(given: Given<i128>, now: Timestamp) -> Result<Timestamp, Failure> {
    let created = time(given, "CreateTime")?.unwrap_or(now);
    if now < created {
        return Err(Code::GroupParameter
            .because(format!("CreateTime is {}, which lies in the future; it is {} now", created.0, now.0)));
    }
    Ok(created)
}

/// Who owns the group and who else is in it, each once. Without `Owner_Account`, the one who is listed as owner
/// becomes it; further owners are members. [choice]
fn seats(
    owner: Option<UserId>,
    listed: Vec<NewMember>,
    max_members: u32,
) -> Result<(Option<UserId>, Vec<NewMember>), Failure> {
    let owner = owner.or_else(|| {
        listed.iter().find(|member| member.role == Role::Owner).map(|member| member.account.clone())
    });
    let mut seated = std::collections::BTreeSet::new();
    let mut members = Vec::with_capacity(listed.len());
    for mut member in listed {
        if owner.as_ref() == Some(&member.account) || !seated.insert(member.account.clone()) {
            continue;
        }
        if member.role == Role::Owner {
            member.role = Role::Member;
        }
        members.push(member);
    }
    let count = members.len() + usize::from(owner.is_some());
    if usize::try_from(max_members).unwrap_or(usize::MAX) < count {
        return Err(Code::GroupParameter
            .because(format!("MemberList makes {count} members; the group may hold {max_members}")));
    }
    Ok((owner, members))
}

fn refuse(error: OperationError<NewGroupRefusal>) -> Failure {
    match error {
        OperationError::Refused(NewGroupRefusal::IdTaken) => Code::GroupIdTaken.because("GroupId is in use"),
        OperationError::Refused(NewGroupRefusal::OwnerUnknown) => {
            Code::GroupParameter.because("Owner_Account is not an imported account")
        }
        OperationError::Refused(NewGroupRefusal::MemberUnknown) => {
            Code::GroupParameter.because("MemberList names an account that is not imported")
        }
        OperationError::Store(error) => Code::GroupInternal.internal(error),
    }
}

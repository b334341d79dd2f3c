//! `group_open_http_svc/create_group`: creates a group of any type, with its first members.
//!
//! Creating an id that is in use is 10025 for the owner and 10021 for everybody else, and changes nothing. Limits
//! on the number of groups, which the imitated service sells by edition, do not exist here.

use super::profile::{
    Bits, CustomFieldInput, apply_join_option, distinct_members, group_fields, id_choice, invite_join_option,
    max_members, member_fields, permissions, refuse_more_than_fit, refuse_profile, text,
};
use super::{flag, refuse_too_many_accounts, required_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::account;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use crate::webhook::before::Question;
use landfall_domain::error::OperationError;
use landfall_domain::group::{GroupType, JoinOption, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::{IdChoice, NewGroup, NewGroupRefusal, NewMember};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Owner_Account")]
    owner_account: Field<String>,
    #[serde(rename = "Type")]
    kind: Field<String>,
    group_id: Field<String>,
    name: Field<String>,
    introduction: Field<String>,
    notification: Field<String>,
    face_url: Field<String>,
    max_member_num: Field<i128>,
    max_member_count: Field<i128>,
    apply_join_option: Field<String>,
    invite_join_option: Field<String>,
    app_defined_data: Field<Vec<Field<Object<CustomFieldInput>>>>,
    member_list: Field<Vec<Field<Object<MemberInput>>>>,
    support_topic: Field<i128>,
    enable_permission: Field<i128>,
    default_permission: Field<Bits>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct MemberInput {
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
    role: Field<String>,
    app_member_defined_data: Field<Vec<Field<Object<CustomFieldInput>>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    /// Always 0, as in the documented sample. [sample]
    huge_group_flag: u8,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/create_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let new = self.check(call)?;
        let Profile { name, introduction, notification, .. } = &new.profile;
        refuse_profile(Some(name), Some(introduction), Some(notification), call).await?;
        let (kind, id) = (new.kind.as_str(), new.id.clone());
        // Without an owner, the caller counts as the owner of the id.
        let claimant = new.owner.clone().unwrap_or_else(|| call.caller.clone());
        let question = Question::Create {
            owner: new.owner.as_ref(),
            kind: new.kind,
            name: new.profile.name.as_str(),
            members: new.members.iter().map(|member| &member.account).collect(),
        };
        call.ask(question, |_| Ok(())).await?;
        // Placeholders are for moving in; here every account has to be there. [choice]
        match call.create_group(new).await {
            Ok(id) => Ok(Reply { group_id: id.as_str().to_owned(), kind, huge_group_flag: 0 }),
            Err(OperationError::Refused(refusal)) => Err(refuse(refusal, id, &claimant, call).await),
            Err(OperationError::Store(error)) => Err(error.into()),
        }
    }
}

impl Request {
    /// Checks in the order of the documented list of causes, as an import does.
    fn check(self, call: &Call) -> Result<NewGroup, Failure> {
        let limits = call.limits;
        let kind = group_type(self.kind)?;
        let owner = account(self.owner_account, "Owner_Account", Code::GroupParameter)?;
        let name = text(Field::Value(self.name.required("Name")?), "Name", limits.name)?;
        let introduction = text(self.introduction, "Introduction", limits.introduction)?;
        let notification = text(self.notification, "Notification", limits.notification)?;
        let face_url = text(self.face_url, "FaceUrl", limits.face_url)?;
        let id = id_choice(self.group_id, kind, call, GroupId::parse_custom)?;
        let max_members = max_members(self.max_member_num.or(self.max_member_count), kind, call)?
            .unwrap_or(kind.default_max_members_on_creation());
        let join_option = join_option(self.apply_join_option, kind)?;
        let invite_option = invite_join_option(self.invite_join_option)?
            .filter(|_| kind.can().members)
            .unwrap_or(kind.default_invite_option());
        let fields = group_fields(self.app_defined_data, kind, call)?;
        let members = members(self.member_list, kind, owner.as_ref(), call)?;
        if kind.can().members {
            refuse_more_than_fit(owner.as_ref(), &members, max_members, Code::GroupTooManyMembers)?;
        }
        // What only communities with topics have is ignored elsewhere. [doc]
        let support_topic =
            flag(self.support_topic, "SupportTopic")?.unwrap_or_default() && kind.can().topics;
        let (enable, default) = permissions(self.enable_permission, self.default_permission)?;
        Ok(NewGroup {
            id,
            kind,
            profile: Profile { name, introduction, notification, face_url, fields, max_members, join_option },
            owner,
            members,
            support_topic,
            permissions_enabled: enable.unwrap_or_default() && support_topic,
            default_permissions: default.filter(|_| support_topic).unwrap_or_default(),
            invite_option,
            history_before_join: None,
            active: !kind.can().activation,
            created: call.now,
        })
    }
}

fn group_type(given: Field<String>) -> Result<GroupType, Failure> {
    let word = given.required("Type")?;
    GroupType::parse(&word).ok_or_else(|| match word.as_str() {
        // In no table since 2024, and discouraged before. [choice]
        "BChatRoom" => Code::GroupNotAllowed.because("groups of Type BChatRoom cannot be created"),
        _ => Code::GroupParameter
            .because(format!("Type is {word:?}, not Public, Private, ChatRoom, AVChatRoom or Community")),
    })
}

fn join_option(given: Field<String>, kind: GroupType) -> Result<JoinOption, Failure> {
    let default = kind.default_join_option_on_creation();
    if kind == GroupType::Community {
        return Ok(default); // As for an import.
    }
    Ok(apply_join_option(given)?.unwrap_or(default))
}

/// The members besides the owner.
fn members(
    given: Field<Vec<Field<Object<MemberInput>>>>,
    kind: GroupType,
    owner: Option<&UserId>,
    call: &Call,
) -> Result<Vec<NewMember>, Failure> {
    let list = given.list("MemberList")?;
    if !list.is_empty() && !kind.can().members {
        return Err(Code::GroupNotAllowed
            .because(format!("groups of Type {} do not accept initial members", kind.as_str())));
    }
    refuse_too_many_accounts(list.len(), "MemberList", call.limits.members_per_call)?;
    let members =
        check_all("MemberList", list, |entry, at| member(entry.required(at)?.0, at, kind, owner, call))?;
    Ok(distinct_members(owner, members))
}

fn member(
    requested: MemberInput,
    at: &str,
    kind: GroupType,
    owner: Option<&UserId>,
    call: &Call,
) -> Result<NewMember, Failure> {
    let account = required_account(requested.member_account, &format!("{at}.Member_Account"))?;
    let is_owner = owner == Some(&account);
    let role = role(requested.role, at, kind, is_owner)?;
    let name = format!("{at}.AppMemberDefinedData");
    let fields = member_fields(requested.app_member_defined_data, &name, kind, call)?;
    // Listed among the documented causes, next to those of 10004. [doc]
    if is_owner && !fields.is_empty() {
        return Err(Code::GroupRequestIllegal
            .because(format!("{name} belongs to the owner, which cannot be given custom fields here")));
    }
    Ok(NewMember { role, fields, ..NewMember::new(account) })
}

/// `Admin` is the only role that can be given, and not to the owner.
fn role(given: Field<String>, at: &str, kind: GroupType, is_owner: bool) -> Result<Role, Failure> {
    let name = format!("{at}.Role");
    let problem = match given.optional(&name)?.as_deref() {
        None => return Ok(Role::Member),
        Some("Admin") if is_owner => "belongs to the owner, which is listed without Role".to_owned(),
        Some("Admin") if kind.can().admins => return Ok(Role::Admin),
        Some("Admin") => format!("is Admin; groups of Type {} have no administrators", kind.as_str()),
        Some(word) => format!("is {word:?}; leave it out, or send Admin"),
    };
    Err(Code::GroupParameter.because(format!("{name} {problem}")))
}

/// The claimant, which is the owner or else the caller, gets another code when the group in use is its own. [choice]
async fn refuse(refusal: NewGroupRefusal, id: IdChoice, claimant: &UserId, call: &Call) -> Failure {
    match refusal {
        NewGroupRefusal::IdTaken => match is_owned(id, claimant, call).await {
            Ok(true) => Code::GroupIdTakenByOwner.because("GroupId is in use by a group of the same owner"),
            Ok(false) => Code::GroupIdTaken.because("GroupId is in use"),
            Err(failure) => failure,
        },
        NewGroupRefusal::OwnerUnknown => {
            Code::GroupParameter.because("Owner_Account is not an imported account")
        }
        // As for members that are added later. [choice]
        NewGroupRefusal::MemberUnknown(_) => {
            Code::GroupAccountUnknown.because(format!("MemberList: {refusal}"))
        }
    }
}

/// Whether the group that has the id belongs to `claimant`.
async fn is_owned(id: IdChoice, claimant: &UserId, call: &Call) -> Result<bool, Failure> {
    let IdChoice::Given(id) = id else { return Ok(false) };
    let groups = call.groups(vec![id]).await?;
    Ok(groups.into_iter().flatten().any(|group| group.owner.as_ref() == Some(claimant)))
}

//! Member records in answers, cut to the requested fields.

use crate::call::Call;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::account::Account;
use landfall_domain::fields::CustomField;
use landfall_domain::group::Group;
use landfall_domain::member::Member;
use landfall_domain::text::Text;
use serde::Serialize;

/// Field names in a request. Elements that are no strings and unknown names are ignored. [client]
pub(in crate::commands) type FieldNames = Field<Vec<Field<String>>>;

/// The fields that an answer carries.
pub(in crate::commands) struct Filter(Option<Vec<String>>);

impl Filter {
    /// A missing or empty filter lets everything through. [client]
    pub(in crate::commands) fn new(names: FieldNames) -> Self {
        Self(names.if_valid().map(|names| names.into_iter().filter_map(Field::if_valid).collect()))
    }

    pub(super) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a field is let through under any of its `names`, of which some fields have an old and a new one.
    pub(in crate::commands) fn takes(&self, names: &[&str]) -> bool {
        self.0.as_ref().is_none_or(|requested| requested.iter().any(|name| names.contains(&name.as_str())))
    }

    /// Whether the filter names `name`: one that lets everything through does not.
    pub(super) fn names(&self, name: &str) -> bool {
        self.is_given() && self.takes(&[name])
    }

    /// This filter if it is given, else one that lets nothing through.
    pub(super) fn or_nothing(self) -> Self {
        if self.is_given() { self } else { Self::nothing() }
    }

    pub(super) fn nothing() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }
}

/// The fields of members that an answer carries, and their custom fields: these are sent when they are requested, or when
/// the request filters no fields.
pub(super) fn record_filters(fields: FieldNames, custom_fields: FieldNames) -> (Filter, Filter) {
    let fields = Filter::new(fields);
    let custom_fields = Filter::new(custom_fields);
    let custom_fields = if fields.is_given() { custom_fields.or_nothing() } else { custom_fields };
    (fields, custom_fields)
}

/// One member, with the requested fields only. Both names of the mute are sent, for old and new clients.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MemberRow {
    #[serde(rename = "Member_Account")]
    member_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    join_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_flag: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_send_msg_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mute_until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shut_up_until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_card: Option<String>,
    /// Of the account, sent on request only, as the picture. [choice]
    #[serde(skip_serializing_if = "Option::is_none")]
    nick: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_url: Option<String>,
    /// Sent on request only. [doc]
    #[serde(skip_serializing_if = "Option::is_none")]
    online_status: Option<&'static str>,
    /// The requested custom fields that are set; a field that was never set is left out. [choice]
    #[serde(skip_serializing_if = "Option::is_none")]
    app_member_defined_data: Option<Vec<FieldRow>>,
}

/// A custom field in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FieldRow {
    key: String,
    value: String,
}

impl FieldRow {
    /// The requested fields; `None` when no field was requested.
    pub(super) fn list(fields: &[CustomField], filter: &Filter) -> Option<Vec<Self>> {
        let taken = fields
            .iter()
            .filter(|field| filter.takes(&[field.key.as_str()]))
            .map(|field| Self { key: field.key.as_str().to_owned(), value: field.value.as_str().to_owned() });
        (!filter.is_nothing()).then(|| taken.collect())
    }
}

impl MemberRow {
    /// Rows of members of one group, with `OnlineStatus`, `Nick` and `FaceUrl` on request.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn list(
        call: &Call,
        members: Vec<Member>,
        group: &Group,
        (filter, fields): (&Filter, &Filter),
    ) -> Result<Vec<Self>, Failure> {
        let named = || members.iter().map(|member| member.account.clone()).collect::<Vec<_>>();
        let with = [filter.names("Nick"), filter.names("FaceUrl")];
        let devices = if filter.names("OnlineStatus") { call.devices(&named()).await } else { Vec::new() };
        let accounts = if with.contains(&true) { call.accounts(named()).await? } else { Vec::new() };
        let (mut devices, mut accounts) = (devices.into_iter(), accounts.into_iter());
        let rows = members.into_iter().map(|member| {
            let is_online = devices.next().map(|devices| !devices.is_empty());
            let account = accounts.next().flatten();
            let text = |wanted: bool, text: fn(&Account) -> &Text| {
                account.as_ref().filter(|_| wanted).map(|account| text(account).as_str().to_owned())
            };
            Self {
                nick: text(with[0], |account| &account.nick),
                face_url: text(with[1], |account| &account.face_url),
                ..Self::new(member, group, (filter, fields), is_online)
            }
        });
        Ok(rows.collect())
    }

    /// `fields` filters custom fields.
    fn new(
        member: Member,
        group: &Group,
        (filter, fields): (&Filter, &Filter),
        is_online: Option<bool>,
    ) -> Self {
        let muted = filter.takes(&["MuteUntil", "ShutUpUntil"]).then_some(member.muted_until.0);
        Self {
            role: filter.takes(&["Role"]).then(|| member.role.as_str()),
            join_time: filter.takes(&["JoinTime"]).then_some(member.joined.0),
            msg_seq: filter.takes(&["MsgSeq"]).then(|| group.log.read_seq(member.read)),
            msg_flag: filter.takes(&["MsgFlag"]).then(|| member.receive_option.as_str()),
            last_send_msg_time: filter.takes(&["LastSendMsgTime"]).then_some(member.last_message.0),
            mute_until: muted,
            shut_up_until: muted,
            nick: None,
            face_url: None,
            online_status: is_online.map(|is_online| if is_online { "Online" } else { "Offline" }),
            app_member_defined_data: FieldRow::list(&member.fields, fields),
            name_card: filter.takes(&["NameCard"]).then_some(member.name_card),
            member_account: member.account.as_str().to_owned(),
        }
    }
}

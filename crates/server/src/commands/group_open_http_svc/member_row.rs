//! Member records as answers carry them, cut to the fields asked for.

use crate::call::Call;
use crate::field::Field;
use landfall_domain::fields::CustomField;
use landfall_domain::group::Group;
use landfall_domain::member::Member;
use serde::Serialize;

/// A list of field names in a request. Elements that are no strings, and unknown names, are ignored. [client]
pub(in crate::commands) type FieldNames = Field<Vec<Field<String>>>;

/// Which fields an answer carries.
pub(in crate::commands) struct Filter(Option<Vec<String>>);

impl Filter {
    /// A filter that is not given, or empty, lets everything through. [client]
    pub(in crate::commands) fn new(names: FieldNames) -> Self {
        Self(names.if_valid().map(|names| names.into_iter().filter_map(Field::if_valid).collect()))
    }

    pub(super) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a field called any of `names` is let through; fields with an old and a new name have both.
    pub(in crate::commands) fn takes(&self, names: &[&str]) -> bool {
        self.0.as_ref().is_none_or(|requested| requested.iter().any(|name| names.contains(&name.as_str())))
    }

    /// Whether `name` is asked for by name, and not only by a filter that lets everything through.
    pub(super) fn names(&self, name: &str) -> bool {
        self.is_given() && self.takes(&[name])
    }

    /// This filter, or one that lets nothing through when it is not given.
    pub(super) fn or_nothing(self) -> Self {
        if self.is_given() { self } else { Self::nothing() }
    }

    /// Lets nothing through.
    pub(super) fn nothing() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }
}

/// Which fields of members an answer carries, and which of their custom fields: these come when asked for, or when
/// nothing in particular is.
pub(super) fn record_filters(fields: FieldNames, custom_fields: FieldNames) -> (Filter, Filter) {
    let fields = Filter::new(fields);
    let custom_fields = Filter::new(custom_fields);
    let custom_fields = if fields.is_given() { custom_fields.or_nothing() } else { custom_fields };
    (fields, custom_fields)
}

/// One member; fields not asked for are left out. Both names of the mute are sent, for old and new clients.
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
    /// On request only. [doc]
    #[serde(skip_serializing_if = "Option::is_none")]
    online_status: Option<&'static str>,
    /// The custom fields that are set, of those asked for; a field that never was is left out. [choice]
    #[serde(skip_serializing_if = "Option::is_none")]
    app_member_defined_data: Option<Vec<FieldRow>>,
}

/// A custom field as answers carry it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FieldRow {
    key: String,
    value: String,
}

impl FieldRow {
    /// The fields let through; `None` when none was asked for.
    pub(super) fn list(fields: &[CustomField], filter: &Filter) -> Option<Vec<Self>> {
        let taken = fields
            .iter()
            .filter(|field| filter.takes(&[field.key.as_str()]))
            .map(|field| Self { key: field.key.as_str().to_owned(), value: field.value.as_str().to_owned() });
        (!filter.is_nothing()).then(|| taken.collect())
    }
}

impl MemberRow {
    /// Rows of members of one group, with who is connected where that is asked for.
    pub(super) async fn list(
        call: &Call,
        members: Vec<Member>,
        group: &Group,
        (filter, fields): (&Filter, &Filter),
    ) -> Vec<Self> {
        let mut devices = Vec::new();
        if filter.names("OnlineStatus") {
            let accounts: Vec<_> = members.iter().map(|member| member.account.clone()).collect();
            devices = call.devices(&accounts).await;
        }
        let mut devices = devices.into_iter();
        let rows = members.into_iter().map(|member| {
            let is_online = devices.next().map(|devices| !devices.is_empty());
            Self::new(member, group, (filter, fields), is_online)
        });
        rows.collect()
    }

    /// `fields` says which custom fields are shown.
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
            online_status: is_online.map(|is_online| if is_online { "Online" } else { "Offline" }),
            app_member_defined_data: FieldRow::list(&member.fields, fields),
            name_card: filter.takes(&["NameCard"]).then_some(member.name_card),
            member_account: member.account.as_str().to_owned(),
        }
    }
}

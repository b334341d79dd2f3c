//! The sample groups, compiled in, and their import through the REST API.

use crate::client::{ClientError, RestClient};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Bodies of `import_group`, in the order they are sent.
const GROUPS: [&str; 9] = [
    include_str!("../../../../samples/groups/01-every-field.json"),
    include_str!("../../../../samples/groups/02-required-fields-only.json"),
    include_str!("../../../../samples/groups/03-community-with-topics.json"),
    include_str!("../../../../samples/groups/04-book-club.json"),
    include_str!("../../../../samples/groups/05-gardeners.json"),
    include_str!("../../../../samples/groups/06-project-team.json"),
    include_str!("../../../../samples/groups/07-family.json"),
    include_str!("../../../../samples/groups/08-open-meeting.json"),
    include_str!("../../../../samples/groups/09-city-forum.json"),
];

/// Body of `import_group_member`.
const MEMBERS: &str = include_str!("../../../../samples/members/book-club.json");

/// The account that owns some of the groups, for `landfall chat`. It needs no quoting in a shell or a URL.
pub(super) const MEMBER: &str = "hana";

/// Groups that are shown; with the rest of the screen they fit a usual terminal.
const SHOWN_MAX: usize = 10;

/// `ErrorCode` of a group id that is in use. [doc]
const GROUP_ID_TAKEN: u64 = 10021;

/// `Result` of a member that was imported, and of one that existed. [doc]
const MEMBER_IMPORTED: u64 = 1;
const MEMBER_ALREADY: u64 = 2;

/// The result of importing a sample group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Imported,
    /// Its id was in use: it was imported before.
    AlreadyThere,
    /// Not sent: it has no id of its own and there were groups already, so another import would create another group.
    NotRepeated,
    Refused {
        /// `ErrorCode`.
        code: u64,
        /// `ErrorInfo`.
        info: String,
    },
}

/// A group in an answer of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// `GroupId`.
    pub id: String,
    /// `Type`.
    pub kind: String,
    /// `Name`.
    pub name: String,
    /// `Owner_Account`, empty without an owner.
    pub owner: String,
    /// `MemberNum`.
    pub members: u64,
    /// `CreateTime`, Unix seconds.
    pub created: u64,
    /// `SupportTopic`.
    pub topics: bool,
    pub fields: Vec<String>,
}

/// The results of the import, and the groups that exist now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tour {
    /// Of each sample group, by its name.
    pub outcomes: Vec<(String, Outcome)>,
    /// Imported members.
    pub members_imported: usize,
    /// Members that existed before.
    pub members_already: usize,
    /// Duration of the import calls.
    pub import_time: Duration,
    /// Number of groups of the app.
    pub total: u64,
    /// The first of them, in the order of the app's list.
    pub arrived: Vec<Arrived>,
}

impl Tour {
    /// How many samples had this outcome.
    #[must_use]
    pub fn count(&self, wanted: &Outcome) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| outcome == wanted).count()
    }
}

/// Imports the samples through `client` and reads back what arrived.
///
/// # Errors
/// The server does not answer. A refused sample is an [`Outcome`].
pub async fn tour(client: &mut RestClient) -> Result<Tour, ClientError> {
    let mut tour = Tour::default();
    let before = group_list(client).await?;
    let begun = Instant::now();
    for text in GROUPS {
        let sample = parsed(text);
        let outcome = if sample.get("GroupId").is_none() && 0 < before.total {
            Outcome::NotRepeated
        } else {
            import(client, &sample).await?
        };
        tour.outcomes.push((text_of(&sample, "Name"), outcome));
    }
    let members = match client.call("group_open_http_svc/import_group_member", &parsed(MEMBERS)).await {
        Ok(reply) => reply,
        // Their group was refused above or removed since; the screen shows that there are no members.
        Err(ClientError::Refused { code, info, .. }) => {
            tracing::warn!(code, info, "quickstart: the sample members were refused with {code}: {info}");
            Value::Null
        }
        Err(error) => return Err(error),
    };
    let with_result =
        |wanted| list(&members, "MemberList").filter(|member| number(member, "Result") == wanted).count();
    tour.members_imported = with_result(MEMBER_IMPORTED);
    tour.members_already = with_result(MEMBER_ALREADY);
    tour.import_time = begun.elapsed();
    let now = group_list(client).await?;
    tour.total = now.total;
    tour.arrived = arrived(client, &now.first).await?;
    Ok(tour)
}

/// The samples are compiled in and a test reads each, so this is never `Null`.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

async fn import(client: &mut RestClient, sample: &Value) -> Result<Outcome, ClientError> {
    match client.call("group_open_http_svc/import_group", sample).await {
        Ok(_) => Ok(Outcome::Imported),
        Err(ClientError::Refused { code: GROUP_ID_TAKEN, .. }) => Ok(Outcome::AlreadyThere),
        Err(ClientError::Refused { code, info, .. }) => Ok(Outcome::Refused { code, info }),
        Err(error) => Err(error),
    }
}

struct GroupList {
    total: u64,
    first: Vec<String>,
}

async fn group_list(client: &mut RestClient) -> Result<GroupList, ClientError> {
    let reply = client
        .call("group_open_http_svc/get_appid_group_list", &json!({ "Limit": SHOWN_MAX, "Next": 0 }))
        .await?;
    let first = list(&reply, "GroupIdList").map(|group| text_of(group, "GroupId")).collect();
    Ok(GroupList { total: number(&reply, "TotalCount"), first })
}

async fn arrived(client: &mut RestClient, ids: &[String]) -> Result<Vec<Arrived>, ClientError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let body = json!({
        "GroupIdList": ids,
        "ResponseFilter": {
            "GroupBaseInfoFilter": ["Type", "Name", "Owner_Account", "MemberNum", "CreateTime", "SupportTopic"],
            "AppDefinedDataFilter_Group": ["GroupTestData1", "GroupTestData2"],
        },
    });
    let reply = client.call("group_open_http_svc/get_group_info", &body).await?;
    let there = list(&reply, "GroupInfo").filter(|group| number(group, "ErrorCode") == 0);
    Ok(there
        .map(|group| Arrived {
            id: text_of(group, "GroupId"),
            kind: text_of(group, "Type"),
            name: text_of(group, "Name"),
            owner: text_of(group, "Owner_Account"),
            members: number(group, "MemberNum"),
            created: number(group, "CreateTime"),
            topics: number(group, "SupportTopic") == 1,
            fields: list(group, "AppDefinedData").map(|field| text_of(field, "Value")).collect(),
        })
        .collect())
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::group::GroupType;
    use landfall_domain::limits::Limits;
    use std::collections::BTreeSet;

    #[test]
    fn the_samples_are_within_the_documented_limits_and_cover_every_importable_type() {
        let mut kinds = BTreeSet::new();
        for text in GROUPS {
            let sample: Value = serde_json::from_str(text).unwrap();
            kinds.insert(GroupType::parse(sample["Type"].as_str().unwrap()).unwrap());
            for (key, span) in [
                ("Name", Limits::FAITHFUL.name),
                ("Introduction", Limits::FAITHFUL.introduction),
                ("Notification", Limits::FAITHFUL.notification),
                ("FaceUrl", Limits::FAITHFUL.face_url),
            ] {
                let length = text_of(&sample, key).len();
                assert!(
                    span.contains(length) || sample.get(key).is_none() && key != "Name",
                    "{key} of {text}"
                );
            }
        }
        let importable = GroupType::ALL.into_iter().filter(|kind| kind.can().import);
        assert_eq!(kinds, importable.collect());
        let members: Value = serde_json::from_str(MEMBERS).unwrap();
        assert!(GROUPS.iter().any(|text| parsed(text)["GroupId"] == members["GroupId"]));
    }
}

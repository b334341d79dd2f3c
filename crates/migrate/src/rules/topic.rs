//! Rules of topics.

use super::group::{GroupState, Standing};
use super::values::DROPPED;
use super::values::{fault, is_future, missing, text};
use super::{FaultCode, defaults, legal};
use crate::fault::Fault;
use crate::format::Topic;
use landfall_domain::ids::{GroupId, TopicId};
use landfall_domain::limits::{GROUP_ID_BYTES_MAX, Limits};

impl GroupState {
    pub(super) fn topic(&mut self, record: &Topic, faults: &mut Vec<Fault>) {
        let limits = &self.server.limits;
        self.is_there(None, faults);
        id(record, limits, faults);
        text(faults, "TopicName", Some(&record.topic_name), limits.name);
        text(faults, "Introduction", record.introduction.as_deref(), limits.introduction);
        text(faults, "Notification", record.notification.as_deref(), limits.notification);
        text(faults, "FaceUrl", record.face_url.as_deref(), limits.face_url);
        text(faults, "CustomString", record.custom_string.as_deref(), limits.topics.custom);
        if let Some(created) =
            defaults::given(record.create_time).filter(|time| is_future(*time, self.server.now))
        {
            let problem = format!("CreateTime is {created}, which is not before now ({})", self.server.now.0);
            faults.push(
                fault(FaultCode::BadTime, "CreateTime", problem).fix("CreateTime becomes that of the group"),
            );
        }
        if self.topics.contains_key(&record.topic_id) {
            let problem = format!("another record has the TopicId {}", record.topic_id);
            faults.push(fault(FaultCode::Duplicate, "TopicId", problem).fix(DROPPED));
            return;
        }
        if !self.has_topics {
            let problem = "the group has no topics: it must be a Community with SupportTopic 1";
            let fault = fault(FaultCode::NoTopics, "TopicId", problem);
            let fix = self.kind.is_some_and(|kind| kind.can().topics);
            faults
                .push(Fault { fix: fix.then(|| "SupportTopic of the group becomes 1".to_owned()), ..fault });
        }
        let max = limits.topics.count;
        if max <= self.topics.len() {
            let problem = format!("the group has more than {max} topics");
            faults.push(fault(FaultCode::TooMany, "TopicId", problem).limit(max));
            return;
        }
        let standing = if faults.is_empty() { Standing::Fine } else { Standing::Faulty };
        self.topics.insert(record.topic_id.clone(), standing);
    }
}

fn id(record: &Topic, limits: &Limits, faults: &mut Vec<Fault>) {
    let (raw, group) = (&record.topic_id, &record.group_id);
    if raw.is_empty() {
        faults.push(missing("TopicId"));
        return;
    }
    // A topic of a group whose id is not legal is judged together with it.
    let Some(id) = GroupId::parse(group) else { return };
    let parse = if limits.generated_ids { TopicId::parse } else { TopicId::parse_custom };
    if parse(raw, &id).is_none() {
        let problem = format!(
            "TopicId {raw:?} is not GroupId, @TOPIC#_ and printable ASCII without @TGS#_ and @TOPIC#_@TOPIC#, {GROUP_ID_BYTES_MAX} bytes at most"
        );
        let fault = fault(FaultCode::TopicName, "TopicId", problem).limit(GROUP_ID_BYTES_MAX);
        let fix = legal::topic(raw, group, group).map(|legal| format!("TopicId becomes {legal}, everywhere"));
        faults.push(Fault { fix, ..fault });
    }
}

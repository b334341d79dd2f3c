//! Topics of a community.

use super::desk::{End, fault};
use super::group::{Change, GroupWork, Place};
use super::run::{Refusal, content};
use super::{ImportError, profile};
use crate::fault::FaultCode;
use crate::format::{Kind, Record, Topic};
use crate::journal::{Receipt, hash};
use crate::rules::defaults;
use serde_json::{Value, json};

impl GroupWork<'_> {
    pub(super) async fn topic(&mut self, line: u64, topic: &Topic) -> Result<(), ImportError> {
        let Place::There { number, .. } = self.place else { return Ok(()) };
        let run = self.run;
        let profile = content(&Record::Topic(topic.clone()));
        match run.journal.topic(number, &topic.topic_id)? {
            Some(known) if known == profile => {
                run.desk.count(Kind::Topic, End::Unchanged);
                return Ok(());
            }
            Some(_) => return self.differs(line, Change::Topic(line, topic.clone())),
            None => {}
        }
        let mut body = profile::topic(topic);
        body.insert("CreateTime".to_owned(), defaults::topic_created(topic, self.settled.created).into());
        let receipt = |profile| vec![Receipt::Topic { group: number, topic: hash(&topic.topic_id), profile }];
        match run.ask("group_open_http_svc/import_topic", &body).await? {
            Ok(_) => {
                run.write(receipt(profile)).await?;
                run.desk.count(Kind::Topic, End::Imported);
            }
            Err(Refusal { code: 10_021 | 10_025, .. }) => {
                if self.has_same(topic).await? {
                    run.write(receipt(profile)).await?;
                    run.desk.count(Kind::Topic, End::Imported);
                } else {
                    run.write(receipt(0)).await?;
                    self.differs(line, Change::Topic(line, topic.clone()))?;
                }
            }
            Err(refusal) => {
                self.lost_topics.insert(topic.topic_id.clone());
                let fault = fault(FaultCode::Refused, refusal.text());
                run.desk.fail(line, &Record::Topic(topic.clone()), fault)?;
            }
        }
        Ok(())
    }

    async fn has_same(&self, topic: &Topic) -> Result<bool, ImportError> {
        let question = json!({ "GroupId": topic.group_id, "TopicIdList": [topic.topic_id] });
        let reply = self.run.ask("million_group_open_http_svc/get_topic", &question).await?;
        let row = reply.ok().and_then(|mut reply| {
            let rows = reply.get_mut("TopicAndSelfInfo").or(None)?;
            rows.get_mut(0)?.get_mut("TopicInfo").map(Value::take)
        });
        Ok(row.is_some_and(|row| profile::same_topic(topic, &row)))
    }
}

//! The topic of a community that a command is about.

use crate::code::Code;
use crate::given::Given;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, TopicId};

/// The topic of `group` in the member `TopicId`, if given.
///
/// # Errors
/// It is no string (10004), or not of the form that topics of this group have (110013).
pub fn topic_id(given: Given<String>, group: &GroupId) -> Result<Option<TopicId>, Failure> {
    let Some(raw) = given.optional("TopicId")? else { return Ok(None) };
    let topic = TopicId::parse(&raw, group).ok_or_else(|| {
        Code::TopicIdIllegal.because("TopicId is not the id of a topic of this group: GroupId@TOPIC#_name")
    })?;
    Ok(Some(topic))
}

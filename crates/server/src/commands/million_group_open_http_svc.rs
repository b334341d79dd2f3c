//! The service of topics.

pub mod create_topic;
pub mod destroy_topic;
pub mod get_topic;
pub mod modify_topic;

use crate::code::Code;

/// `ErrorInfo` of an item that is as asked for; the envelope keeps the empty text of all services. [choice]
const ITEM_OK: &str = "ok";

/// `ErrorInfo` of an item with a malformed id.
const NO_TOPIC_ID: &str = "TopicId is not the id of a topic of the group";

/// `ErrorCode` and `ErrorInfo` of one topic.
fn item(code: Option<(Code, &'static str)>) -> (u32, &'static str) {
    code.map_or((0, ITEM_OK), |(code, text)| (code.number(), text))
}

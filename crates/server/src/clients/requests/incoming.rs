//! What the server itself reads of a client's frame, in one pass: the command reads its fields from the body.

use crate::clients::frame::Sender;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::Pair;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Fields of a frame, as they stand there. A command checks them itself, so most of them may be anything here.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::clients) struct Incoming<'a> {
    #[serde(skip)]
    pub(super) text: &'a str,
    #[serde(borrow)]
    pub(super) command: Cow<'a, str>,
    /// Is returned in the answer.
    #[serde(borrow)]
    pub(super) request_id: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "given")]
    group_id: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "given")]
    topic_id: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "given")]
    random: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "given")]
    msg_random: Option<&'a RawValue>,
    #[serde(rename = "From_Account", borrow, deserialize_with = "given")]
    from_account: Option<&'a RawValue>,
    #[serde(rename = "Member_Account", borrow, deserialize_with = "given")]
    member_account: Option<&'a RawValue>,
    #[serde(rename = "Operator_Account", borrow, deserialize_with = "given")]
    operator_account: Option<&'a RawValue>,
    #[serde(rename = "Owner_Account", borrow, deserialize_with = "given")]
    owner_account: Option<&'a RawValue>,
    #[serde(rename = "Report_Account", borrow, deserialize_with = "given")]
    report_account: Option<&'a RawValue>,
    #[serde(rename = "To_Account", borrow, deserialize_with = "given")]
    to_account: Option<&'a RawValue>,
}

/// A value that is there, `null` too.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

impl<'a> Incoming<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// It is not a JSON object, `Command` is not a string, or one of these fields is there twice.
    pub(in crate::clients) fn parse(text: &'a str) -> Result<Self, Failure> {
        if !text.trim_start().starts_with('{') {
            return Err(super::malformed());
        }
        let read: Self = serde_json::from_str(text).map_err(|_| super::malformed())?;
        Ok(Self { text, ..read })
    }

    /// What is in the field called `name`, which is one that names who acts.
    fn actor(&self, name: &str) -> Option<&'a RawValue> {
        match name {
            "From_Account" => self.from_account,
            "Member_Account" => self.member_account,
            "Operator_Account" => self.operator_account,
            "Owner_Account" => self.owner_account,
            "Report_Account" => self.report_account,
            "To_Account" => self.to_account,
            _ => None,
        }
    }

    /// The frame with `account` in the field that names who acts, which is `field`; empty where there is none.
    ///
    /// # Errors
    /// The frame names somebody else there.
    pub(super) fn as_actor(&self, account: &str, field: &str) -> Result<Vec<u8>, Failure> {
        if field.is_empty() {
            return Ok(self.text.as_bytes().to_vec());
        }
        let Some(given) = self.actor(field) else {
            let inner = self.text.trim_start().strip_prefix('{').ok_or_else(super::malformed)?;
            let name = serde_json::to_string(account).unwrap_or_default();
            // A frame names its command, so that something follows.
            return Ok(format!("{{\"{field}\":{name},{inner}").into_bytes());
        };
        match string(given) {
            Some(given) if given == account => Ok(self.text.as_bytes().to_vec()),
            Some(_) => {
                Err(Code::GroupNotAllowed.because(format!("{field} is not the account of this connection")))
            }
            None => Err(Code::GroupParameter.because(format!("{field} must be a string"))),
        }
    }

    /// The group that it names, if that can be a group.
    pub(super) fn group(&self) -> Option<GroupId> {
        GroupId::parse(&string(self.group_id?)?)
    }

    /// The message that the command at `path` sends, as its frame will name it.
    pub(super) fn sends(&self, account: &UserId, path: &str) -> Option<Sender> {
        let (random, place) = match path {
            "group_open_http_svc/send_group_msg" => {
                let filled = |id: Option<&'a RawValue>| string(id?).filter(|id| !id.is_empty());
                let place = filled(self.topic_id).or_else(|| filled(self.group_id))?;
                (self.random, place.into_owned())
            }
            "openim/sendmsg" => {
                let peer = UserId::parse(&string(self.to_account?)?)?;
                (self.msg_random, Pair::of(account.clone(), peer).to_string())
            }
            _ => return None,
        };
        // As commands read numbers: 7.0 is 7.
        let random: f64 = serde_json::from_str(random?.get()).ok()?;
        let random = if random.fract() == 0.0 { format!("{random:.0}").parse().ok()? } else { return None };
        Some(Sender { account: account.as_str().to_owned(), random, place })
    }
}

fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    /// So that what needs no unescaping is borrowed.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(value.get()).ok().map(|Text(text)| text)
}

#[cfg(test)]
mod tests {
    use super::super::rest::LINES;
    use super::*;

    fn acting(field: &str, text: &str) -> Result<String, u32> {
        let frame = Incoming::parse(text).map_err(|failure| failure.number())?;
        let body = frame.as_actor("ann", field).map_err(|failure| failure.number())?;
        Ok(String::from_utf8(body).unwrap())
    }

    #[test]
    fn the_account_acts_for_itself_only() {
        let named = r#"{"Command":"x","From_Account":"ann"}"#;
        assert_eq!(acting("From_Account", named).as_deref(), Ok(named));
        let unnamed = acting("From_Account", r#" {"Command":"x"}"#);
        assert_eq!(unnamed.as_deref(), Ok(r#"{"From_Account":"ann","Command":"x"}"#));
        assert_eq!(acting("From_Account", r#"{"From_Account":"bob"}"#), Err(10007));
        assert_eq!(acting("From_Account", r#"{"From\u005fAccount":"bob"}"#), Err(10007));
        assert_eq!(acting("From_Account", r#"{"From_Account":7}"#), Err(10004));
        assert_eq!(acting("From_Account", r#"{"From_Account":null}"#), Err(10004));
        assert_eq!(acting("", r#"{"From_Account":"bob"}"#).as_deref(), Ok(r#"{"From_Account":"bob"}"#));
    }

    #[test]
    fn nobody_is_named_twice() {
        for text in [
            r#"{"From_Account":"ann","From_Account":"bob"}"#,
            r#"{"From_Account":"ann","From\u005fAccount":"bob"}"#,
            r#"{"Command":"x","Command":"y"}"#,
            r#"["x"]"#,
        ] {
            assert_eq!(acting("From_Account", text), Err(10004), "{text}");
        }
    }

    #[test]
    fn every_field_that_names_who_acts_is_read() {
        for (path, field) in LINES.iter().filter(|(_, field)| !field.is_empty()) {
            let text = format!(r#"{{"{field}":"bob"}}"#);
            assert_eq!(acting(field, &text), Err(10007), "{path}");
        }
    }

    #[test]
    fn what_a_client_sends_is_known_before_it_is_sent() {
        let ann = UserId::parse("ann").unwrap();
        let sends = |path: &str, text: &str| {
            let sent = Incoming::parse(text).ok()?.sends(&ann, path)?;
            Some((sent.random, sent.place))
        };
        let group = "group_open_http_svc/send_group_msg";
        let to = |random: u32, place: &str| Some((random, place.to_owned()));
        assert_eq!(sends(group, r#"{"GroupId":"g","Random":7.0}"#), to(7, "g"));
        assert_eq!(sends(group, r#"{"GroupId":"g","TopicId":"","Random":7}"#), to(7, "g"));
        assert_eq!(sends(group, r#"{"GroupId":"g","TopicId":"t","Random":4294967295}"#), to(u32::MAX, "t"));
        for text in [
            r#"{"GroupId":"g"}"#,
            r#"{"Random":7}"#,
            r#"{"GroupId":"g","Random":"7"}"#,
            r#"{"GroupId":"g","Random":7.5}"#,
            r#"{"GroupId":"g","Random":-1}"#,
            r#"{"GroupId":["g"],"Random":7}"#,
        ] {
            assert_eq!(sends(group, text), None, "{text}");
        }
        let pair = Pair::of(ann.clone(), UserId::parse("bob").unwrap()).to_string();
        assert_eq!(sends("openim/sendmsg", r#"{"To_Account":"bob","MsgRandom":7}"#), to(7, &pair));
        assert_eq!(sends("openim/sendmsg", r#"{"To_Account":["bob"],"MsgRandom":7}"#), None);
        assert_eq!(sends("openim/batchsendmsg", r#"{"To_Account":"bob","MsgRandom":7}"#), None);
    }
}

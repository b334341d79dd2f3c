//! Answers: the envelope of three members, and what a command adds to it.

use crate::code::Code;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A call that failed: the code and text that the caller gets, and the cause, which only the log gets.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    /// `ErrorInfo`: names the member and the limit, if there is one.
    pub text: Cow<'static, str>,
    /// A code of the app's webhook, which the caller gets instead.
    pub webhook_code: Option<u32>,
    /// For the log; never sent.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// The structure of the request is wrong: a member is missing, empty or of another JSON type. That fails the whole call
    /// even if its entries have results of their own.
    pub is_structural: bool,
}

impl Failure {
    /// `ErrorCode` of the answer.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.webhook_code.unwrap_or_else(|| self.code.number())
    }
}

impl Code {
    #[must_use]
    pub fn because(self, text: impl Into<Cow<'static, str>>) -> Failure {
        Failure { code: self, text: text.into(), webhook_code: None, cause: None, is_structural: false }
    }

    /// This code for an internal error: the caller gets a request to try again, the log gets the cause.
    #[must_use]
    pub fn internal(self, cause: impl std::error::Error + Send + Sync + 'static) -> Failure {
        let text = "internal error, please try again";
        Failure { cause: Some(Box::new(cause)), ..self.because(text) }
    }
}

/// The reply of a command that adds nothing to the envelope.
#[derive(Debug, Serialize)]
pub struct Nothing {}

const DISPLAY: &[u8] = b",\"ErrorDisplay\":\"\"";
const OK: &[u8] = br#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0"#;

/// The beginning of a reply that has a status of its own, in place of the envelope's: a batch that did not reach all.
const OWN_STATUS: &[u8] = br#"{"ActionStatus":"#;

/// The beginning of a reply that has a text of its own. [sample]
const OWN_INFO: &[u8] = br#"{"ErrorInfo":"#;

/// The body of a success: the envelope, then the members of `reply`, which must serialize as an object. `with_display` adds
/// the empty `ErrorDisplay` of some services.
///
/// # Errors
/// `reply` does not serialize; a plain struct always does.
pub fn success(reply: &impl Serialize, with_display: bool) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = Vec::with_capacity(128);
    body.extend_from_slice(OK);
    if with_display {
        body.extend_from_slice(DISPLAY);
    }
    let members = body.len();
    serde_json::to_writer(&mut body, reply)?;
    if body.get(members..).is_some_and(|reply| reply.starts_with(OWN_STATUS)) {
        let mut own = body.split_off(members);
        // Without its closing brace.
        own.pop();
        own.extend_from_slice(br#","ErrorInfo":"","ErrorCode":0}"#);
        return Ok(own);
    }
    if body.get(members..).is_some_and(|reply| reply.starts_with(OWN_INFO)) {
        let mut own = br#"{"ActionStatus":"OK","#.to_vec();
        own.extend(body.get(members + 1..).unwrap_or_default());
        own.pop();
        own.extend_from_slice(br#","ErrorCode":0}"#);
        return Ok(own);
    }
    // The opening brace of `reply` becomes the comma between envelope and members.
    if body.get(members..) == Some(b"{}") {
        body.truncate(members);
        body.push(b'}');
    } else if let Some(brace) = body.get_mut(members) {
        *brace = b',';
    }
    Ok(body)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailureBody<'text> {
    action_status: &'static str,
    error_info: &'text str,
    error_code: u32,
    /// The profile and friend services send a second text. [doc]
    #[serde(skip_serializing_if = "Option::is_none")]
    error_display: Option<&'static str>,
    /// Without these strict clients cannot read the failures of some commands. [client]
    #[serde(flatten)]
    lists: BTreeMap<&'static str, [u8; 0]>,
}

/// The body of a failure. `with_display` adds the empty `ErrorDisplay` of some services, `lists` adds empty lists that the
/// command answers.
#[must_use]
pub fn failure(code: u32, text: &str, with_display: bool, lists: &[&'static str]) -> Vec<u8> {
    let body = FailureBody {
        action_status: "FAIL",
        error_info: text,
        error_code: code,
        error_display: with_display.then_some(""),
        lists: lists.iter().map(|name| (*name, [])).collect(),
    };
    // Plain texts and numbers always serialize.
    serde_json::to_vec(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_the_envelope() {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reply {
            group_id: &'static str,
        }
        let body = success(&Reply { group_id: "g" }, false).unwrap();
        assert_eq!(body, br#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":"g"}"#);
        let with_display = String::from_utf8(success(&Nothing {}, true).unwrap()).unwrap();
        assert!(with_display.ends_with(r#""ErrorCode":0,"ErrorDisplay":""}"#));
        assert_eq!(
            success(&Nothing {}, false).unwrap(),
            br#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#
        );
    }

    #[test]
    fn a_reply_may_have_a_status_of_its_own() {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reply {
            action_status: &'static str,
            msg_time: u32,
        }
        let body = success(&Reply { action_status: "SomeError", msg_time: 7 }, false).unwrap();
        let expected = br#"{"ActionStatus":"SomeError","MsgTime":7,"ErrorInfo":"","ErrorCode":0}"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn a_reply_may_have_a_text_of_its_own() {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reply {
            error_info: &'static str,
            result: [u32; 1],
        }
        let body = success(&Reply { error_info: "OK", result: [7] }, false).unwrap();
        assert_eq!(body, br#"{"ActionStatus":"OK","ErrorInfo":"OK","Result":[7],"ErrorCode":0}"#);
    }

    #[test]
    fn a_failure_has_all_three_members() {
        let body = failure(Code::GroupNotFound.number(), "this group does not exist", false, &[]);
        let expected =
            br#"{"ActionStatus":"FAIL","ErrorInfo":"this group does not exist","ErrorCode":10010}"#;
        assert_eq!(body, expected);
        assert!(failure(Code::GroupNotFound.number(), "", true, &[]).ends_with(br#""ErrorDisplay":""}"#));
        assert!(failure(Code::GroupNotFound.number(), "", false, &["Rows"]).ends_with(br#","Rows":[]}"#));
    }
}

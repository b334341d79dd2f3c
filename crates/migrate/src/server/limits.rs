//! What the server is, and how much it takes at once.

use super::{CallError, Server};
use serde_json::{Value, json};

/// Calls in a second that the imitated service takes.
pub(super) const FOREIGN_CALLS_PER_SECOND: u32 = 200;
const COMMAND: &str = "landfall_import_svc/get_limits";

/// How many calls a call counts as: the imitated service takes half as many of some commands.
pub(super) fn turns(command: &str) -> u32 {
    match command {
        "im_open_login_svc/multiaccount_import"
        | "im_open_login_svc/account_delete"
        | "im_open_login_svc/account_check" => 2,
        "group_open_http_svc/get_appid_group_list" => FOREIGN_CALLS_PER_SECOND,
        _ => 1,
    }
}

/// What the server is, and how much it takes at once.
#[derive(Clone, Debug, PartialEq)]
pub struct CallLimits {
    /// The answer to `landfall_import_svc/get_limits`; `None` when it is another server.
    pub landfall: Option<Value>,
    /// Calls in a second; 0: no limit.
    pub calls_per_second: u32,
    pub accounts_per_call: usize,
    pub members_per_call: usize,
    pub messages_per_call: usize,
    /// Bytes of the body of a call.
    pub request_bytes: usize,
}

impl Default for CallLimits {
    /// The smallest ones of the imitated service's documentation.
    fn default() -> Self {
        Self {
            landfall: None,
            calls_per_second: FOREIGN_CALLS_PER_SECOND,
            accounts_per_call: 100,
            members_per_call: 300,
            messages_per_call: 7,
            request_bytes: 1 << 20,
        }
    }
}

impl CallLimits {
    /// Whether it is a Landfall server that takes whole files as jobs.
    #[must_use]
    pub fn takes_jobs(&self) -> bool {
        let jobs = self.landfall.as_ref().and_then(|reply| reply.get("Jobs"));
        jobs.and_then(Value::as_u64) == Some(1)
    }

    fn of(reply: Value) -> Self {
        let other = Self::default();
        let number = |value: Option<&Value>, default: usize| {
            value.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
        };
        let is_landfall =
            reply.get("Server").and_then(Value::as_str).is_some_and(|name| name.starts_with("landfall"));
        if !is_landfall {
            return other;
        }
        let limit = |name, default| number(reply.get("Limits").and_then(|limits| limits.get(name)), default);
        let calls_per_second = reply.get("CallsPerSecond").and_then(Value::as_u64);
        let calls_per_second = calls_per_second.and_then(|calls| u32::try_from(calls).ok());
        Self {
            calls_per_second: calls_per_second.unwrap_or(other.calls_per_second),
            accounts_per_call: limit("AccountsPerCall", other.accounts_per_call).max(1),
            members_per_call: limit("MembersPerCall", other.members_per_call).max(1),
            messages_per_call: limit("MessagesPerCall", other.messages_per_call).max(1),
            request_bytes: limit("RequestBytes", other.request_bytes),
            landfall: Some(reply),
        }
    }
}

impl Server {
    /// Asks the server what it is, and paces further calls as it says. A server that does not know the question is not ours.
    ///
    /// # Errors
    /// The server did not answer for too long, or refuses the administrator.
    pub async fn limits(&self) -> Result<CallLimits, CallError> {
        let limits = match self.ask(COMMAND, &json!({})).await {
            Ok(reply) => CallLimits::of(reply),
            Err(CallError::NotTheApi { .. }) => CallLimits::default(),
            Err(CallError::Refused { code, .. }) if !is_about_the_caller(code) => CallLimits::default(),
            Err(error) => return Err(error),
        };
        // 0 stands for no limit.
        let most = self.rate.filter(|rate| limits.calls_per_second == 0 || *rate < limits.calls_per_second);
        self.pacer.set_rate(most.unwrap_or(limits.calls_per_second));
        Ok(limits)
    }
}

/// Wrong app, administrator or UserSig: no call will do.
pub(super) fn is_about_the_caller(code: u64) -> bool {
    matches!(code, 60_004..=60_006 | 60_010 | 60_012 | 60_016 | 70_001..=70_020 | 70_050 | 70_052)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_ours_says_what_it_takes() {
        let reply = json!({
            "ErrorCode": 0, "Server": "landfall", "CallsPerSecond": 0,
            "Limits": { "MessagesPerCall": 20, "MembersPerCall": 500, "AccountsPerCall": 100, "RequestBytes": 9_000 }
        });
        let limits = CallLimits::of(reply.clone());
        assert_eq!(
            (limits.calls_per_second, limits.messages_per_call, limits.members_per_call),
            (0, 20, 500)
        );
        assert_eq!((limits.request_bytes, limits.landfall), (9_000, Some(reply)));
    }

    #[test]
    fn any_other_answer_comes_from_another_server() {
        for reply in [json!({}), json!({ "Server": "chat" }), json!([1])] {
            assert_eq!(CallLimits::of(reply), CallLimits::default());
        }
    }
}

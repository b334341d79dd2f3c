//! Which groups of a file a server has already.

use crate::server::{CallError, Server};
use serde_json::{Value, json};

/// Groups asked for in one call.
const PER_CALL: usize = 50;

/// Those of `groups` that the server has. Importing them again adds what is new, and changes nothing else.
///
/// # Errors
/// The server does not answer, or refuses the administrator.
pub async fn groups_in_use(server: &Server, groups: &[String]) -> Result<Vec<String>, CallError> {
    let mut in_use = Vec::new();
    for groups in groups.chunks(PER_CALL) {
        let question =
            json!({ "GroupIdList": groups, "ResponseFilter": { "GroupBaseInfoFilter": ["Type"] } });
        let reply = server.ask("group_open_http_svc/get_group_info", &question).await?;
        in_use.extend(found(&reply));
    }
    Ok(in_use)
}

/// The groups that an answer is about, without those that it has an error for.
fn found(reply: &Value) -> impl Iterator<Item = String> {
    let rows = reply.get("GroupInfo").and_then(Value::as_array).into_iter().flatten();
    rows.filter(|row| row.get("ErrorCode").and_then(Value::as_u64).unwrap_or_default() == 0)
        .filter_map(|row| row.get("GroupId").and_then(Value::as_str).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_an_error_is_a_group_that_is_not_there() {
        let reply = json!({
            "ErrorCode": 0,
            "GroupInfo": [
                { "GroupId": "a", "ErrorCode": 0, "Type": "Public" },
                { "GroupId": "b", "ErrorCode": 10010, "ErrorInfo": "no such group" },
                { "GroupId": "c", "Type": "Public" }
            ]
        });
        assert_eq!(found(&reply).collect::<Vec<_>>(), ["a", "c"]);
    }
}

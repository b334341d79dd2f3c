//! Lists as files of comma-separated values.
//!
//! [choice] A list that is saved from the console has at most 100,000 rows; the last line of a longer one says so.

use super::layout;
use super::moment::moment;
use super::place;
use super::respond::{self, Reply};
use super::visit::Visit;
use landfall_domain::error::{NoSuchGroup, OperationError, StoreError};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::store::MemberWindow;

const ROWS_MAX: usize = 100_000;
const READ_AT_ONCE: usize = 1_000;

/// A file that is being written.
struct File {
    text: String,
    rows: usize,
}

impl File {
    fn new(head: &[&str]) -> Self {
        let mut file = Self { text: String::new(), rows: 0 };
        file.line(head.iter().copied());
        file
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.rows += 1;
        self.line(cells);
    }

    fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (place, value) in cells.into_iter().enumerate() {
            if 0 < place {
                self.text.push(',');
            }
            self.text.push_str(&cell(value));
        }
        self.text.push_str("\r\n");
    }

    fn is_full(&self) -> bool {
        ROWS_MAX <= self.rows
    }

    fn reply(mut self, name: &str, is_whole: bool) -> Reply {
        if !is_whole {
            self.line([format!("only the first {ROWS_MAX} rows").as_str()]);
        }
        respond::download("text/csv; charset=utf-8", name, self.text)
    }
}

/// A value in quotes. One that a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(value: &str) -> String {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']) && value != "-";
    let apostrophe = if is_formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", value.replace('"', "\"\""))
}

/// The groups of an app.
pub(super) async fn groups(visit: &Visit, app: AppId, kind: Option<GroupType>) -> Reply {
    group_rows(visit, app, kind).await.unwrap_or_else(|error| layout::store_failed(&visit.session, &error))
}

async fn group_rows(visit: &Visit, app: AppId, kind: Option<GroupType>) -> Result<Reply, StoreError> {
    let store = &visit.server.store;
    let mut file =
        File::new(&["id", "type", "name", "owner", "members", "messages", "made_utc", "last_message_utc"]);
    let mut from = 0;
    loop {
        let page = store.list_groups(app, kind, from, READ_AT_ONCE).await?;
        for group in store.groups(app, page.ids).await?.into_iter().flatten() {
            file.row([
                group.id.as_str(),
                group.kind.as_str(),
                group.profile.name.as_str(),
                group.owner.as_ref().map_or("", |owner| owner.as_str()),
                &group.member_count.to_string(),
                &group.log.last_seq().to_string(),
                &moment(group.created),
                &moment(group.log.last_message),
            ]);
        }
        from = page.next;
        if from == 0 || file.is_full() {
            return Ok(file.reply(&format!("groups-{app}.csv"), from == 0));
        }
    }
}

/// The accounts of an app.
pub(super) async fn accounts(visit: &Visit, app: AppId) -> Reply {
    account_rows(visit, app).await.unwrap_or_else(|error| layout::store_failed(&visit.session, &error))
}

async fn account_rows(visit: &Visit, app: AppId) -> Result<Reply, StoreError> {
    let store = &visit.server.store;
    let mut file = File::new(&["account", "nick", "face_url", "first_seen_utc", "only_named"]);
    let mut after = None;
    loop {
        let names = store.list_accounts(app, after, READ_AT_ONCE).await?;
        let is_last = names.len() < READ_AT_ONCE;
        after = names.last().cloned();
        for (name, account) in names.iter().zip(store.accounts(app, names.clone()).await?) {
            let Some(account) = account else { continue };
            file.row([
                name.as_str(),
                account.nick.as_str(),
                account.face_url.as_str(),
                &moment(account.created),
                if account.placeholder { "yes" } else { "no" },
            ]);
        }
        if is_last || file.is_full() {
            return Ok(file.reply(&format!("accounts-{app}.csv"), is_last));
        }
    }
}

/// The members of a group.
pub(super) async fn members(visit: &Visit, app: &str, group: &str) -> Reply {
    let (app, id) = match place::group(visit, app, group) {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    match member_rows(visit, app.id, &id).await {
        Ok(reply) => reply,
        Err(OperationError::Refused(_)) => place::nothing(visit),
        Err(OperationError::Store(error)) => layout::store_failed(&visit.session, &error),
    }
}

async fn member_rows(
    visit: &Visit,
    app: AppId,
    group: &GroupId,
) -> Result<Reply, OperationError<NoSuchGroup>> {
    let mut file =
        File::new(&["account", "role", "name_card", "joined_utc", "last_message_utc", "muted_until_utc"]);
    let mut after = None;
    loop {
        let window = MemberWindow::ByName { after, limit: READ_AT_ONCE };
        let page = visit.server.store.members(app, group.clone(), Vec::new(), window).await?;
        for member in &page.members {
            file.row([
                member.account.as_str(),
                member.role.as_str(),
                &member.name_card,
                &moment(member.joined),
                &moment(member.last_message),
                &moment(member.muted_until),
            ]);
        }
        after = page.members.last().map(|member| member.account.clone());
        if !page.more || after.is_none() || file.is_full() {
            return Ok(file.reply("members.csv", !page.more));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_no_formula() {
        for (value, expected) in [
            ("a", "\"a\""),
            ("a,\"b\"\r\nc", "\"a,\"\"b\"\"\r\nc\""),
            ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""),
            ("-", "\"-\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(value), expected);
        }
    }
}

//! The shape of every statement, and how PostgreSQL finds its rows.

use super::super::reach::Warnings;
use super::super::tests::{admin, database, layout};
use super::super::{Settings, connect};
use super::{ALL, Key, ROW_WISE, Statement};
use landfall_test_database::on_citus;
use std::collections::BTreeSet;

/// What the tables are keyed by, besides the app.
const TABLES: [(&str, Key); 18] = [
    ("groups", Key::Group),
    ("origins", Key::Group),
    ("members", Key::Group),
    ("parts", Key::Group),
    ("messages", Key::Group),
    ("message_days", Key::Group),
    ("lanes", Key::Group),
    ("notes", Key::Group),
    ("dead_notes", Key::Group),
    ("accounts", Key::Account),
    ("kicks", Key::Account),
    ("memberships", Key::Account),
    ("facts", Key::Subject),
    ("direct_messages", Key::Subject),
    ("direct_days", Key::Subject),
    ("group_counts", Key::Figures),
    ("list_positions", Key::Figures),
    ("call_rates", Key::Figures),
];

/// The statements without the key of a group or an account, and why each may do without. The list may only shrink.
const WITHOUT_KEY: [(&str, &str); 21] = [
    ("NODES_OF_KEYS", "asks the catalogue where rows are"),
    ("NODES_AWAY", "asks every node whether it answers"),
    ("RECOVER", "asks every node for transactions that it has not finished"),
    ("LOCK_SHARED", "locks the app, on the one server all writers ask"),
    ("LOCK", "locks by numbers, on the one server all writers ask"),
    ("NOTIFY", "notifies the other servers, through the one all of them listen to"),
    ("NOTIFY_PACKETS", "notifies the other servers, through the one all of them listen to"),
    ("COUNT_GROUPS", "the totals of an app are not distributed"),
    ("GROUP_TOTAL", "the totals of an app are not distributed"),
    ("COUNT_ACCOUNTS", "how many accounts an app has is asked of all places at once, by no caller"),
    ("GIVE_POSITIONS", "the list positions of an app are not distributed"),
    ("TAKE_CALLS", "the call frequencies of an app are not distributed"),
    ("LIST", "the list of an app's groups is asked of all places at once"),
    ("LIST_ACCOUNTS", "which accounts an app has is asked of all places at once, by no caller"),
    ("GROUPS_OF_JOB", "what a job brought in is asked of all places at once, by an operator"),
    ("GROUPS_ADDED_TO", "what a job added to is asked of all places at once, by an operator"),
    ("OLD_DAYS", "which conversations have the oldest messages is asked of all places at once, by no caller"),
    ("OLD_DIRECT_DAYS", "which pairs have the oldest messages is asked of all places at once, by no caller"),
    ("REMOVE_FACTS_NAMING", "who keeps facts about a deleted account is asked of all places at once"),
    ("DUE_LANES", "which lanes are due is asked of all places at once, by no caller"),
    ("DEAD_NOTES", "dead letters are asked of all places at once, by an operator"),
];

/// The statements that lock rows, each of one group: Citus locks no others. The list may only shrink.
const LOCKING: [&str; 3] = ["FREE_LANE", "HELD_LANE", "GROUP_ALONE"];

/// The statements that read all rows, while no server serves. The list may only shrink.
const OF_COPIES: [&str; 19] = [
    "COPY_PROGRESS",
    "PUT_COPY_PROGRESS",
    "REMOVE_COPY_PROGRESS",
    "IS_OCCUPIED",
    "RAISE_POSITION",
    "COPY_ACCOUNTS",
    "COPY_KICKS",
    "COPY_ORIGINS",
    "COPY_GROUPS",
    "COPY_MEMBERS",
    "COPY_PARTS",
    "COPY_MESSAGES",
    "COPY_FACTS",
    "COPY_DIRECT",
    "COUNT_BY_KIND",
    "COUNT_LISTED",
    "COUNT_MEMBERSHIPS",
    "COUNT_ROWS",
    "ANALYZE",
];
/// Those of them that read a page of many.
const PAGES: [&str; 9] = [
    "COPY_ACCOUNTS",
    "COPY_KICKS",
    "COPY_ORIGINS",
    "COPY_GROUPS",
    "COPY_MEMBERS",
    "COPY_PARTS",
    "COPY_MESSAGES",
    "COPY_FACTS",
    "COPY_DIRECT",
];

/// What statements on distributed tables may call: nothing that differs from one place to another.
const CALLABLE: [&str; 3] = ["unnest", "any", "count"];
/// What stands before a bracket and is no function.
const NO_FUNCTIONS: [&str; 7] = ["conflict", "groups", "values", "new", "from", "as", "and"];

/// In small letters, one space between words.
fn words(statement: &Statement) -> String {
    statement.sql().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tables a statement names, as often as it names them.
fn tables(sql: &str) -> Vec<&str> {
    let names = sql.split("landfall.").skip(1);
    names
        .map(|rest| rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').next().unwrap())
        .collect()
}

/// The words that stand before an opening bracket.
fn called(sql: &str) -> BTreeSet<&str> {
    let before = sql.match_indices('(').map(|(at, _)| &sql[..at]);
    let word = before.map(|text| {
        text.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next().unwrap()
    });
    word.filter(|word| !word.is_empty()).collect()
}

fn key_column(key: Key) -> &'static str {
    match key {
        Key::Group => "group_id",
        Key::Account => "account",
        Key::Subject => "subject",
        Key::List | Key::Figures | Key::Copy | Key::Session | Key::Nodes => "sdk_app_id",
    }
}

/// What is sent while servers serve.
fn serving() -> impl Iterator<Item = &'static (&'static str, &'static Statement)> {
    ALL.iter().filter(|(_, statement)| statement.key != Key::Copy)
}

fn is_insert(sql: &str) -> bool {
    sql.starts_with("insert into landfall.")
}

#[test]
fn every_statement_is_about_one_table_of_its_key() {
    for (name, statement) in serving().filter(|(_, statement)| statement.key != Key::Nodes) {
        let sql = words(statement);
        let expected: Vec<Key> = match statement.key {
            Key::Session | Key::Nodes => Vec::new(),
            // A list looks at groups or subjects from the side of the app.
            Key::List if sql.contains("landfall.facts") || sql.contains("landfall.direct_days") => {
                vec![Key::Subject]
            }
            Key::List if sql.contains("landfall.accounts") => vec![Key::Account],
            Key::List => vec![Key::Group],
            key @ (Key::Group | Key::Account | Key::Subject | Key::Figures | Key::Copy) => vec![key],
        };
        let key = |table: &str| TABLES.iter().find(|(known, _)| *known == table).map(|(_, key)| *key);
        let keys: Option<Vec<Key>> = tables(&sql).into_iter().map(key).collect();
        assert_eq!(keys, Some(expected), "{name} does not name exactly one table of its key: {sql}");
        for never in [" join ", " using ", "for share", "for no key", "nextval", "with ", "union", " or "] {
            assert!(!sql.contains(never), "{name} has {never:?}: {sql}");
        }
        let locks = LOCKING.contains(name) && sql.contains("where sdk_app_id = $1 and group_id = $2 ");
        assert!(locks || !sql.contains("for update"), "{name} locks rows: {sql}");
        let subqueries = sql.match_indices("(select ").map(|(at, _)| &sql[at..]);
        for subquery in subqueries {
            assert!(tables(subquery).is_empty(), "{name} has a sub-query on a table: {sql}");
        }
    }
}

#[test]
fn every_statement_is_keyed_by_app_and_group_or_account() {
    for (name, statement) in ALL.iter() {
        let (sql, column) = (words(statement), key_column(statement.key));
        if !matches!(statement.key, Key::Group | Key::Account | Key::Subject) {
            continue;
        }
        if is_insert(&sql) {
            let named = sql.split(['(', ')']).nth(1).unwrap();
            let columns: Vec<_> = named.split(", ").collect();
            assert!(columns[0] == "sdk_app_id" && columns[1] == column, "{name}: {columns:?}");
            let values = sql.split(" select ").nth(1).unwrap();
            assert!(values.starts_with(&format!("$1::bigint, {column},")), "{name}: {sql}");
            let conflict = sql.split_once(" on conflict ").map(|(_, rest)| rest);
            let key = format!("(sdk_app_id, {column}");
            assert!(conflict.is_none_or(|rest| rest.starts_with(&key)), "{name}: {sql}");
        } else {
            let (_, condition) = sql.split_once(" where ").unwrap();
            let terms: Vec<_> = condition.split(" and ").collect();
            assert_eq!(terms[0], "sdk_app_id = $1", "{name}");
            let key = terms.iter().any(|term| {
                let value = term.strip_prefix(column).and_then(|rest| rest.strip_prefix(" = "));
                value.is_some_and(|value| value.starts_with('$') || value.starts_with("any($"))
            });
            assert!(key, "{name} has no {column} of its own: {condition}");
        }
    }
}

#[test]
fn rows_are_written_the_same_way_one_by_one() {
    for (name, writing) in ROW_WISE.iter().filter_map(|(name, writing)| Some((name, (*writing)?))) {
        let (lists, rows) = (words(&writing.lists), writing.rows().sql(3).to_lowercase());
        let rows = rows.split_whitespace().collect::<Vec<_>>().join(" ");
        let (head, values) = rows.split_once(" values ").unwrap();
        assert!(lists.starts_with(&format!("{head} select $1::bigint, ")), "{name}: {lists}\n{rows}");
        let tail = &writing.rows().tail;
        let (all, tail) = (values.strip_suffix(tail.to_lowercase().as_str()).unwrap(), tail.to_lowercase());
        assert!(lists.ends_with(&tail), "{name}: {lists}\n{rows}");
        assert_eq!(all.matches("($1::bigint, $").count(), 3, "{name}: {rows}");
        let of_lists = lists.matches("[]").count();
        let last = |number| all.contains(&format!("${number}::"));
        assert!(last(1 + 3 * of_lists) && !last(2 + 3 * of_lists), "{name}: {rows}");
        if let Some(copying) = &writing.rows().copy {
            let (_, columns) = head.split_once("insert into ").unwrap();
            assert_eq!(copying.sql.to_lowercase(), format!("copy {columns} from stdin (format binary)"));
            assert_eq!(copying.columns.len(), of_lists, "{name}");
            assert!(tail.is_empty(), "{name} copies over rows that are there");
        }
    }
}

#[test]
fn statements_without_a_key_are_few_and_known() {
    let without =
        serving().filter(|(_, statement)| !matches!(statement.key, Key::Group | Key::Account | Key::Subject));
    let without: BTreeSet<_> = without.map(|(name, _)| *name).collect();
    assert_eq!(without, WITHOUT_KEY.map(|(name, _)| name).into());
    let of_copies = ALL.iter().filter(|(_, statement)| statement.key == Key::Copy);
    assert_eq!(of_copies.map(|(name, _)| *name).collect::<BTreeSet<_>>(), OF_COPIES.into());
}

#[test]
fn what_is_distributed_calls_nothing_that_differs_by_place() {
    for (name, statement) in ALL.iter() {
        if matches!(statement.key, Key::Session | Key::Nodes | Key::Figures | Key::Copy) {
            continue;
        }
        let sql = words(statement);
        let table = tables(&sql)[0];
        for word in called(&sql) {
            let known = CALLABLE.contains(&word) || NO_FUNCTIONS.contains(&word) || word == table;
            assert!(known, "{name} calls {word}: {sql}");
        }
    }
}

#[test]
fn calls_and_tables_are_recognized() {
    let sql = "insert into landfall.groups (a) select now(), random() from landfall.members";
    assert_eq!(called(sql), BTreeSet::from(["now", "random"]));
    assert_eq!(tables(sql), ["groups", "members"]);
}

/// A value of each type that parameters have.
fn sample(of_type: &str) -> &'static str {
    match of_type {
        "bigint" => "7",
        "smallint" | "integer" => "1",
        "text" => "'n1'",
        "text[]" => "'{n1,n2,n3}'",
        "bytea[]" => r"'{\\x00}'",
        "bytea" => r"'\x00'",
        "boolean" => "true",
        "bigint[]" | "smallint[]" => "'{1}'",
        "boolean[]" => "'{t}'",
        other => panic!("parameters of type {other} have no sample"),
    }
}

/// One app with groups, one of which has many members, who are in many groups, many parts and many messages.
const GROWTH: &str = "
    INSERT INTO landfall.groups SELECT 7, 'n' || n, 1, '', '', '', '', '[]', 1, 0, NULL, false, 0, false, 0, 1, 0, 1,
        0, 0, 0, 1, false, false, 0, true, 1, n FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.origins SELECT 7, 'n' || n, n % 50, '', '', '', '', n, 0 FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.members SELECT 7, 'n1', 'n' || n, 2, 0, 0, 0, 0, 0, 0, '', '[]'
        FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.members SELECT 7, 'n' || n, 'n1', 2, 0, 0, 0, 0, 0, 0, '', '[]'
        FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.memberships SELECT sdk_app_id, account, group_id, 1, false FROM landfall.members;
    INSERT INTO landfall.parts SELECT 7, 'n1', 1 + n % 2, 'n' || n, '' FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.parts SELECT 7, 'n' || n, 1, 'n1', '' FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.messages SELECT 7, 'n1', 'n' || n % 2, n, n, 'n1', n % 3, 2, 0, '', '', ''
        FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.messages SELECT 7, 'n' || n, '', 1, n, 'n1', n, 2, 0, '', '', ''
        FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.message_days SELECT 7, 'n1', 'n' || n % 2, n FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.message_days SELECT 7, 'n' || n, '', n % 90 FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.lanes SELECT 7, 'n' || n, n, 0, 0, 1, NULL, 0 FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.notes SELECT 7, 'n1', n, '' FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.notes SELECT 7, 'n' || n, 0, '' FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.dead_notes SELECT 7, 'n1', n, n, '', '' FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.dead_notes SELECT 7, 'n' || n, 0, n, '', '' FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.accounts SELECT 7, 'n' || n, '', '', 0, true, 0 FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.kicks SELECT 7, 'n' || n, n FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.facts SELECT 7, 'n1', 1 + n % 2, 'n' || n, 'n' || n, '' FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.facts SELECT 7, 'n' || n, 1, 'n1', 'n1', '' FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.direct_messages SELECT 7, 'n1	', n, n, n, n % 3, 'n1', 0, false, false, false, '', '', ''
        FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.direct_messages SELECT 7, 'n1	' || n, 1, n, n, n % 3, 'n1', 0, false, false, false, '', '', ''
        FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.direct_days SELECT 7, 'n1	', n FROM generate_series(1, 5000) AS n;
    INSERT INTO landfall.direct_days SELECT 7, 'n1	' || n, n % 90 FROM generate_series(2, 5000) AS n;
    INSERT INTO landfall.group_counts SELECT 7, n % 5, n / 5, 3 FROM generate_series(1, 319) AS n";

/// What there is, and what the planner knows of it.
#[derive(Clone, Copy)]
enum Rows {
    None,
    Unknown,
    Known,
}

/// The statements that are planned well only once the planner has looked at the rows, which autovacuum has it do.
const UNTIL_KNOWN: [&str; 6] = [
    "MEMBER_OF",
    "REMOVE_MEMBER",
    "REMOVE_MEMBERSHIP",
    "FACTS_OF_SUBJECTS",
    "MESSAGES_OF_GROUPS",
    "MENTIONS_OF_GROUPS",
];

/// The statement that looks at all accounts of an app, for which no call waits.
const WHOLE_APP: &str = "COUNT_ACCOUNTS";

/// In connections that were open when the tables were empty, before and after the planner has looked at the rows.
#[tokio::test]
async fn rows_are_found_by_their_key_from_the_first_one_on() {
    let database = database();
    if on_citus() {
        return each_statement_about_one_key_goes_to_one_place(database.url()).await;
    }
    let settings = Settings::parse(database.url()).unwrap();
    let pool =
        connect::pool(&settings, connect::tls(&settings).unwrap(), true, layout(), &Warnings::default());
    let client = pool.get().await.unwrap();
    let tables = admin(database.url()).await;
    for (table, _) in TABLES {
        let quiet = format!("ALTER TABLE landfall.{table} SET (autovacuum_enabled = off)");
        tables.batch_execute(&quiet).await.unwrap();
    }
    let sent = |(name, of): &&(&str, &Statement)| match of.key {
        Key::Copy => PAGES.contains(name),
        Key::Nodes => false,
        Key::Group | Key::Account | Key::Subject | Key::Figures | Key::List | Key::Session => true,
    };
    let sent = || ALL.iter().filter(sent);
    let mut samples = Vec::new();
    for (name, statement) in sent() {
        client.batch_execute(&format!("PREPARE its_{name} AS {}", statement.sql())).await.unwrap();
        let types = "SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = $1";
        let types = client.query(types, &[&format!("its_{name}").to_lowercase()]).await.unwrap();
        samples.push(types.iter().map(|row| sample(row.get(0))).collect::<Vec<_>>().join(", "));
    }
    for rows in [Rows::None, Rows::Unknown, Rows::Known] {
        match rows {
            Rows::None => {}
            Rows::Unknown => tables.batch_execute(GROWTH).await.unwrap(),
            Rows::Known => tables.batch_execute("ANALYZE").await.unwrap(),
        }
        for ((name, statement), samples) in sent().zip(&samples) {
            // As often as PostgreSQL looks before it would keep a plan.
            for _ in 0..6 {
                let explain = format!("EXPLAIN EXECUTE its_{name} ({samples})");
                let plan = client.query(&explain, &[]).await.unwrap();
                let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
                check_plan(name, statement, &plan, rows);
            }
        }
    }
}

/// On Citus, where the plan of a row is that of a node.
async fn each_statement_about_one_key_goes_to_one_place(url: &str) {
    let settings = Settings::parse(url).unwrap();
    let pool =
        connect::pool(&settings, connect::tls(&settings).unwrap(), true, layout(), &Warnings::default());
    let client = pool.get().await.unwrap();
    let of_one_key = ALL.iter().filter(|(_, statement)| {
        let sql = words(statement);
        !is_insert(&sql) && ["group_id = $2", "account = $2"].iter().any(|key| sql.contains(key))
    });
    let of_one_key = of_one_key.map(|(name, statement)| (*name, statement.sql().to_owned()));
    let of_one_row = ROW_WISE.iter().filter_map(|(name, writing)| Some((*name, (*writing)?.rows().sql(1))));
    let mut looked_at = 0;
    for (name, sql) in of_one_key.chain(of_one_row.filter(|(name, _)| *name != "COUNT_GROUPS")) {
        client.batch_execute(&format!("PREPARE its_{name} AS {sql}")).await.unwrap();
        let types = "SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = $1";
        let types = client.query(types, &[&format!("its_{name}").to_lowercase()]).await.unwrap();
        // A text may have to be JSON.
        let samples = types.iter().map(|row| match row.get(0) {
            "text" => "'[]'",
            other => sample(other),
        });
        let samples = samples.collect::<Vec<_>>().join(", ");
        let plan = client.query(&format!("EXPLAIN EXECUTE its_{name} ({samples})"), &[]).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.get(0)).collect();
        assert!(plan.iter().any(|line| line.trim() == "Task Count: 1"), "{name}:\n{}", plan.join("\n"));
        looked_at += 1;
    }
    assert!(50 < looked_at, "{looked_at}");
}

fn check_plan(name: &str, statement: &Statement, plan: &[String], rows: Rows) {
    let (sql, text) = (words(statement), plan.join("\n"));
    assert!(!text.contains("Seq Scan on"), "{name} reads a whole table:\n{text}");
    if statement.key == Key::Session || is_insert(&sql) {
        return;
    }
    let conditions = plan.iter().filter_map(|line| line.trim().strip_prefix("Index Cond: "));
    let conditions: Vec<_> = conditions.collect();
    let columns: &[&str] = match rows {
        // One row or two can be found in any way.
        Rows::None => return,
        Rows::Unknown | Rows::Known if name == WHOLE_APP => return,
        Rows::Unknown if UNTIL_KNOWN.contains(&name) => &["sdk_app_id"],
        Rows::Unknown | Rows::Known => match tables(&sql).as_slice() {
            ["groups"] if statement.key == Key::List => &["sdk_app_id", "list_position"],
            // A partial index has the groups of several jobs only.
            ["origins"] if name == "GROUPS_ADDED_TO" => &["sdk_app_id", "group_id"],
            ["origins"] if statement.key == Key::List => &["sdk_app_id", "job"],
            ["message_days"] if statement.key == Key::List => &["sdk_app_id", "day"],
            ["lanes"] if statement.key == Key::List => &["sdk_app_id", "due"],
            ["direct_days"] if statement.key == Key::List => &["sdk_app_id", "day"],
            ["facts"] if statement.key == Key::List => &["sdk_app_id", "peer"],
            ["dead_notes"] if statement.key == Key::List => &["sdk_app_id", "group_id"],
            // A lane whose entries are not accepted has any number of them.
            ["notes" | "dead_notes"] if sql.contains("number") && !sql.contains("desc limit 1") => {
                &["sdk_app_id", "group_id", "number"]
            }
            // The rows of one conversation, and of one kind of part, are as many as a group has.
            ["messages"] if sql.contains("topic = $3") => &["sdk_app_id", "group_id", "topic"],
            ["facts"] if sql.contains("kind = $3") => &["sdk_app_id", "subject", "kind", "name"],
            ["parts"] if sql.contains("kind = $3") => &["sdk_app_id", "group_id", "kind", "name"],
            _ => &["sdk_app_id", key_column(statement.key)],
        },
    };
    // Each table is looked at once, and never as a whole.
    assert_eq!(conditions.len(), tables(&sql).len(), "{name} does not use an index for each table:\n{text}");
    for condition in conditions {
        for column in columns {
            assert!(condition.contains(column), "{name} does not find its rows by {column}:\n{text}");
        }
    }
}

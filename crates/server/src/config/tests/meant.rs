//! What can be read, but cannot be meant: refused at the start, and what was meant is said.

use super::*;
use std::fs;

#[test]
fn a_setting_written_with_other_underscores_is_no_foreign_variable() {
    for (name, meant) in [
        ("LANDFALL_LISTEN", "LANDFALL__LISTEN"),
        ("LANDFALL_STORE_URL", "LANDFALL__STORE__URL"),
        ("LANDFALL_LOG__LEVEL", "LANDFALL__LOG__LEVEL"),
        ("LANDFALL__LOG_LEVEL", "LANDFALL__LOG__LEVEL"),
        ("LANDFALL_HTTP_BODY_BYTES_MAX", "LANDFALL__HTTP__BODY_BYTES_MAX"),
        ("LANDFALL__HTTP__BODY__BYTES__MAX", "LANDFALL__HTTP__BODY_BYTES_MAX"),
        ("LANDFALL_APP_3_SECRET_KEY", "LANDFALL__APP__3__SECRET_KEY"),
        ("LANDFALL__APP_0_WEBHOOK__URL", "LANDFALL__APP__0__WEBHOOK__URL"),
        ("landfall__listen", "LANDFALL__LISTEN"),
    ] {
        assert_eq!(bad(APP, &[(name, "hush")]), [format!("{name}: is not a setting; did you mean {meant}?")]);
    }
    assert_eq!(
        bad(APP, &[("LANDFALL__SPEED", "3")]),
        [
            "speed: is unknown; known here are listen, metrics, console, store, imports, events, app, limits, accounts, tls, http, \
           clients, files, log \
          (variable LANDFALL__SPEED)"
        ]
    );
}

#[test]
fn variables_of_ours_and_of_orchestrators_are_passed_over() {
    let pairs = [
        "LANDFALL_SECRET_KEY",
        "LANDFALL_PORT",
        "LANDFALL_PORT_8080_TCP_ADDR",
        "LANDFALL_SERVICE_HOST",
        "LANDFALL_TEST_CITUS_URL",
        "LANDFALL_KILL_ROUNDS",
        "LANDFALL_HTTP_PORT",
        "LANDFALL",
        "LANDFALLS__LISTEN",
        "MY_LANDFALL__LISTEN",
    ];
    good(APP, &pairs.map(|name| (name, "8080")));
    // Their case and numbers are those of the setting they are.
    let config = good(APP, &[("LANDFALL__App__0__message_days", "7")]);
    assert_eq!(config.apps[0].message_days, 7);
}

#[test]
fn unusable_keys_are_refused() {
    let app = |key: &str| bad(&format!("[[app]]\nsdk_app_id = 7\nsecret_key = {key:?}\n"), &[]);
    for (key, expected) in [
        ("", "must not be empty"),
        ("0123456789abcde", "must be at least 16 bytes long"),
        ("0123456789abcdef ", "must not begin or end with white space"),
        ("\t0123456789abcdef", "must not begin or end with white space"),
        ("0123456789abcdef\n", "must not begin or end with white space"),
        ("01234567\n89abcdef", "must be one line"),
    ] {
        let found = app(key);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("app[0].secret_key: {expected}")), "{found:?}");
    }
    let token = bad_app("[app.webhook]\nurl = \"https://example.com\"\ntoken = \"hush \"\n");
    assert!(
        token[0].starts_with("app[0].webhook.token: must not begin or end with white space"),
        "{token:?}"
    );
}

#[test]
fn a_file_with_a_key_is_read_whole_and_loses_one_line_feed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let text = format!("[[app]]\nsdk_app_id = 7\nsecret_key_file = {:?}\n", path.to_str().unwrap());
    for content in ["0123456789abcdef", "0123456789abcdef\n", "0123456789abcdef\r\n"] {
        fs::write(&path, content).unwrap();
        assert!(signs_like(&good(&text, &[]), 0, "0123456789abcdef"), "{content:?}");
    }
    for (content, expected) in [
        ("0123456789abcdef \n".to_owned(), "must not begin or end with white space"),
        ("0123456789abcdef\n\n".to_owned(), "must not begin or end with white space"),
        ("0123456789abcdef\nanother line of it\n".to_owned(), "must be one line"),
        ("short\n".to_owned(), "must be at least 16 bytes long"),
        ("k".repeat(4_097), "cannot be read: it is longer than 4096 bytes"),
    ] {
        fs::write(&path, content).unwrap();
        let found = bad(&text, &[]);
        assert!(found[0].starts_with(&format!("app[0].secret_key_file: {expected}")), "{found:?}");
    }
}

#[test]
fn levels_that_would_log_nothing_are_refused() {
    assert_eq!(
        bad(APP, &[("LANDFALL__LOG__LEVEL", "warning")]),
        ["log.level: \"warning\" is no level; did you mean \"warn\"? \
          Levels are off, error, warn, info, debug, trace (variable LANDFALL__LOG__LEVEL)"]
    );
    assert_eq!(good(APP, &[("LANDFALL__LOG__LEVEL", "Debug, fjall=off")]).log.level, "debug,fjall=off");
}

#[test]
fn administrators_are_named_once_and_without_white_space_around_them() {
    let found = bad_app("admins = [\"ann\", \"bob \", \"ann\"]");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("app[0].admins[1]: must be an account name"), "{found:?}");
    assert_eq!(found[1], "app[0].admins[2]: ann is already app[0].admins[0] (f.toml, line 4)");
}

#[test]
fn a_receiver_on_this_machine_is_let_in_on_purpose_only() {
    for host in ["localhost", "LOCALHOST:8080", "hook.localhost"] {
        let lines = format!("[app.webhook]\nurl = \"http://{host}/\"\n");
        let found = bad_app(&lines);
        assert!(found[0].contains("is in a private network or on this machine"), "{found:?}");
        good(&format!("{APP}{lines}allow_private = true\n"), &[]);
    }
}

#[test]
fn paths_are_written_as_they_are() {
    for (url, expected) in [
        ("embedded: ./data", "must not begin or end with white space"),
        ("embedded:~/data", "must not begin with ~"),
        ("embedded://data", "must have no // before a directory"),
    ] {
        let found = bad(APP, &[("LANDFALL__STORE__URL", url)]);
        assert!(found[0].starts_with(&format!("store.url: {expected}")), "{found:?}");
    }
    let found = bad(&format!("{APP}[tls]\ncert = \"~/server.pem\"\nkey = \"\"\n"), &[]);
    assert!(found[0].starts_with("tls.cert: must not begin with ~"), "{found:?}");
    assert!(found[1].starts_with("tls.key: must be a path"), "{found:?}");
}

/// A configuration file in a folder of its own, with these lines.
fn file(folder: &Path, lines: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join("landfall.toml");
    fs::write(&file, format!("{lines}{APP}")).unwrap();
    file
}

/// What a data directory is known by.
fn make_store(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    fs::write(directory.join("FORMAT"), "1\n").unwrap();
}

#[test]
fn paths_of_a_file_lead_from_its_folder_and_those_of_variables_from_here() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = "[tls]\ncert = \"server.pem\"\nkey = \"/etc/server.key\"\n";
    let path = file(folder, text);
    let webhook = [
        ("LANDFALL__APP__0__WEBHOOK__URL", "https://example.com"),
        ("LANDFALL__APP__0__WEBHOOK__CA", "ca.pem"),
    ];
    let config = load(Some(&path), variables(&webhook)).unwrap();
    assert_eq!(
        config.tls,
        Some(TlsConfig { cert: folder.join("server.pem"), key: PathBuf::from("/etc/server.key") })
    );
    assert_eq!(config.apps[0].webhook.as_ref().unwrap().ca, Some(PathBuf::from("ca.pem")));
    // The default belongs to the file it is not in.
    assert!(matches!(config.store, StoreUrl::Embedded(directory) if directory == folder.join("./data")));

    let database = "store.url = \"postgres://db/chat?sslmode=verify-full&sslrootcert=ca.pem\"\n";
    assert!(matches!(load(Some(&file(folder, database)), []).unwrap().store, StoreUrl::Postgres(_)));

    let key = folder.join("landfall-key");
    fs::write(&key, "0123456789abcdef\n").unwrap();
    let own = folder.join("own.toml");
    fs::write(&own, "[[app]]\nsdk_app_id = 7\nsecret_key_file = \"landfall-key\"\n").unwrap();
    assert!(signs_like(&load(Some(&own), []).unwrap(), 0, "0123456789abcdef"));
    fs::remove_file(key).unwrap();
    let problems = load(Some(&own), []).unwrap_err().to_string();
    assert!(problems.contains("cannot be read") && problems.contains(folder.to_str().unwrap()), "{problems}");
    assert!(!problems.contains("landfall-key"), "what stands there may be the key itself: {problems}");
}

/// That relative paths once led from where the server is started is tried with a server, in `tests/faults/start.rs`.
#[test]
fn a_store_that_is_found_only_beside_a_file_that_was_moved_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old/store"), folder.path().join("new"));
    let path = file(&new, &format!("store.url = \"embedded:{}\"\n", old.display()));
    assert!(load(Some(&path), []).is_ok(), "there is no store yet");
    make_store(&new.join("store"));
    let problems = load(Some(&path), []).unwrap_err().to_string();
    for directory in [&old, &new.join("store")] {
        assert!(problems.contains(directory.to_str().unwrap()), "{directory:?} is not in: {problems}");
    }
    make_store(&old);
    assert!(load(Some(&path), []).is_ok(), "it is where it should be");
}

#[test]
fn without_a_file_the_way_to_name_one_is_said() {
    // There is no landfall.toml where tests run.
    let problems = load(None, []).unwrap_err().to_string();
    assert!(
        problems.contains("\n--config: no configuration file was given; name it with --config FILE"),
        "{problems}"
    );
}

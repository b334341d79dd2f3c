mod events;
mod files;
mod meant;
mod webhook;

use super::*;
use crate::usersig::make;
use landfall_domain::group::GroupType;
use landfall_domain::time::Timestamp;

const APP: &str = "[[app]]\nsdk_app_id = 1400000001\nsecret_key = \"k-secret-of-16-bytes\"\n";

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect()
}

fn good(text: &str, pairs: &[(&str, &str)]) -> Config {
    parse("f.toml", text, variables(pairs)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The lines of the problems of a configuration that must have some.
fn bad(text: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    match parse("f.toml", text, variables(pairs)) {
        Ok(config) => panic!("accepted: {config:?}"),
        Err(problems) => problems.to_string().lines().map(str::to_owned).collect(),
    }
}

fn bad_app(lines: &str) -> Vec<String> {
    bad(&format!("[[app]]\nsdk_app_id = 7\nsecret_key = \"0123456789abcdef\"\n{lines}"), &[])
}

/// Keys cannot be compared or read; two that sign alike are equal.
fn signs_like(config: &Config, app: usize, key: &str) -> bool {
    let sign = |key: &SecretKey| make("ann", AppId(1), key, Timestamp(0), 1);
    sign(&config.apps[app].key) == sign(&SecretKey::new(key.to_owned()).unwrap())
}

#[test]
fn an_app_alone_is_enough_and_the_rest_is_the_documented_default() {
    let config = good(APP, &[]);
    assert_eq!((config.listen, config.metrics), ("127.0.0.1:8080".parse().unwrap(), None));
    assert!(matches!(config.store, StoreUrl::Embedded(directory) if directory == Path::new("./data")));
    assert_eq!(
        config.limits,
        LimitsConfig { limits: Limits::FAITHFUL, calls_per_second: 200, shared: false }
    );
    assert_eq!(config.unknown_accounts, UnknownAccounts::Create);
    assert_eq!(config.tls, None);
    assert_eq!(
        config.http,
        HttpConfig {
            body_bytes_max: 2 << 20,
            connections_max: 10_000,
            connections_per_address_max: 1_000,
            exempt_addresses: Exempt::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]),
            head_seconds_max: 15,
            body_seconds_max: 30,
            idle_seconds_max: 75,
            drain_seconds_max: 10,
        }
    );
    assert_eq!(
        config.files,
        FilesConfig {
            place: FilesPlace::Directory(PathBuf::from("./files")),
            bytes_max: 100 << 20,
            extensions: Vec::new(),
            address_seconds: 86_400,
        }
    );
    assert_eq!(
        config.log,
        LogConfig {
            format: LogFormat::Text,
            level: "info,fjall=warn,lsm_tree=warn,async_nats=warn".to_owned()
        }
    );
    let app = &config.apps[0];
    assert_eq!(app.id, AppId(1_400_000_001));
    assert_eq!(app.admins, [UserId::parse("administrator").unwrap()]);
    assert!(app.group_fields.is_empty() && app.member_fields.is_empty());
    assert_eq!(app.message_days, 0);
    assert!(app.webhook.is_none());
}

/// Uncommented, every example of the default configuration is a setting that exists.
#[test]
fn the_examples_of_the_default_configuration_are_accepted() {
    let text: String = DEFAULT
        .lines()
        .filter(|line| {
            let files = ["#secret_key_file", "#token_file", "#secret_access_key_file"];
            !files.iter().any(|setting| line.starts_with(setting))
        })
        .map(|line| match line.strip_prefix('#') {
            Some(code) if !code.starts_with(' ') => format!("{code}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = good(&text, &[]);
    assert_eq!(config.apps[0].group_fields[0].types, [GroupType::Private, GroupType::Public]);
    assert_eq!(config.apps[0].member_fields.len(), 1);
    assert_eq!(
        config.tls,
        Some(TlsConfig { cert: PathBuf::from("server.pem"), key: PathBuf::from("server.key") })
    );
}

#[test]
fn a_file_changes_only_what_it_names() {
    let config = good(&format!("{APP}[http]\nidle_seconds_max = 5\n[limits]\nmode = \"relaxed\"\n"), &[]);
    assert_eq!((config.http.idle_seconds_max, config.http.head_seconds_max), (5, 15));
    assert_eq!(config.limits, LimitsConfig { limits: Limits::RELAXED, calls_per_second: 200, shared: false });
}

#[test]
fn variables_win_over_the_file() {
    let config = good(
        &format!("listen = \"127.0.0.1:1\"\n{APP}"),
        &[
            ("LANDFALL__LISTEN", "[::1]:2"),
            ("LANDFALL__LIMITS__CALLS_PER_SECOND", "0"),
            ("LANDFALL__ACCOUNTS__UNKNOWN", "refuse"),
            ("LANDFALL__APP__0__ADMINS", r#"["ann", "bob"]"#),
            ("LANDFALL__APP__0__MESSAGE_DAYS", "36500"),
            ("LANDFALL__APP__0__GROUP_FIELDS", r#"[{ key = "Room", types = ["Work"], writable = false }]"#),
            ("LANDFALL__APP__0__GROUP_FIELDS__0__WRITABLE", "true"),
            ("LANDFALL_SECRET_KEY", "is not a setting"),
            ("PATH", "neither is this"),
        ],
    );
    assert_eq!(config.listen, "[::1]:2".parse().unwrap());
    assert_eq!(config.limits.calls_per_second, 0);
    assert_eq!(config.unknown_accounts, UnknownAccounts::Refuse);
    assert_eq!(config.apps[0].admins.len(), 2);
    assert_eq!(config.apps[0].message_days, 36_500);
    let rule = &config.apps[0].group_fields[0];
    assert_eq!(
        (rule.key.as_str(), rule.types.as_slice(), rule.writable),
        ("Room", &[GroupType::Private][..], true)
    );
}

#[test]
fn apps_can_come_from_variables_alone_in_any_order() {
    let pairs: Vec<(String, String)> = (0..12)
        .rev()
        .flat_map(|index| {
            [
                (format!("LANDFALL__APP__{index}__SECRET_KEY"), index.to_string().repeat(16)),
                (format!("LANDFALL__APP__{index}__SDK_APP_ID"), format!("{}", 100 + index)),
            ]
        })
        .collect();
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let config = good("", &pairs);
    let ids: Vec<u32> = config.apps.iter().map(|app| app.id.0).collect();
    assert_eq!(ids, (100..112).collect::<Vec<u32>>());
    // Where text is expected, a variable is text, whatever else it could be read as.
    assert!(signs_like(&config, 11, &"11".repeat(16)));
}

#[test]
fn all_problems_are_shown_at_once_with_key_place_and_what_is_allowed() {
    let text = "listen = \"localhost\"\n\n[[app]]\nsdk_app_id = 0\nsecret_kye = \"hush\"\n\n[limits]\nmode = \"lax\"\n";
    let found = bad(
        text,
        &[("LANDFALL__HTTP__CONNECTIONS_MAX", "many"), ("LANDFALL__STORE__URL", "mysql://u:pw@h/d")],
    );
    assert_eq!(
        found,
        [
            "listen: must be an IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"; found \"localhost\" (f.toml, line 1)",
            "store.url: must be embedded:DIRECTORY, such as \"embedded:./data\", or postgres://USER:PASSWORD@HOST/DATABASE (variable LANDFALL__STORE__URL)",
            "app[0].sdk_app_id: must be a whole number from 1 to 4294967295; found 0 (f.toml, line 4)",
            "app[0].secret_key: is missing; give it, or secret_key_file (f.toml, line 3)",
            "app[0].secret_kye: is unknown; did you mean \"secret_key\"? (f.toml, line 5)",
            "limits.mode: must be \"faithful\" or \"relaxed\"; found \"lax\" (f.toml, line 8)",
            "http.connections_max: must be a whole number from 1 to 1000000; found text (variable LANDFALL__HTTP__CONNECTIONS_MAX)",
        ]
    );
}

#[test]
fn unknown_keys_are_problems_in_every_section() {
    assert_eq!(
        bad(&format!("lisen = 1\n{APP}"), &[]),
        ["lisen: is unknown; did you mean \"listen\"? (f.toml, line 1)"]
    );
    assert_eq!(
        bad(&format!("{APP}[tls]\ncert = \"c\"\nkey = \"k\"\nversions = 3\n"), &[]),
        ["tls.versions: is unknown; known here are cert, key (f.toml, line 7)"]
    );
    assert_eq!(
        bad(APP, &[("LANDFALL__LOG__LEVLE", "info")]),
        ["log.levle: is unknown; did you mean \"level\"? (variable LANDFALL__LOG__LEVLE)"]
    );
    assert_eq!(
        bad_app("group_fields = [{ key = \"A\", types = [\"Public\"], writeable = true }]"),
        ["app[0].group_fields[0].writeable: is unknown; did you mean \"writable\"? (f.toml, line 4)"]
    );
}

#[test]
fn without_an_app_nothing_starts() {
    let expected = ["app: at least one [[app]] is needed, with sdk_app_id and secret_key"];
    assert_eq!(bad("", &[]), expected);
    assert_eq!(bad("app = []", &[]), expected);
    assert_eq!(bad("app = 3", &[]), ["app: must be a list in [ ]; found a number (f.toml, line 1)"]);
}

#[test]
fn an_app_number_stands_once_and_fits_32_bits() {
    assert_eq!(
        bad(&format!("{APP}{APP}"), &[]),
        ["app[1].sdk_app_id: 1400000001 is already the number of app[0].sdk_app_id (f.toml, line 5)"]
    );
    for number in ["-1", "0", "4294967296", "99999999999999999999", "\"7\"", "7.0"] {
        let found = bad(&format!("[[app]]\nsdk_app_id = {number}\nsecret_key = \"0123456789abcdef\"\n"), &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("app[0].sdk_app_id: must be a whole number from 1 to 4294967295"),
            "{found:?}"
        );
    }
    assert_eq!(
        good("[[app]]\nsdk_app_id = 4294967295\nsecret_key = \"0123456789abcdef\"\n", &[]).apps[0].id,
        AppId(u32::MAX)
    );
}

#[test]
fn fields_follow_the_rules_of_the_console() {
    let cases = [
        (
            "group_fields = [{ key = \"1st\", types = [\"Public\"] }]",
            "app[0].group_fields[0].key: must be 1 to 16 letters",
        ),
        (
            "group_fields = [{ key = \"a-b\", types = [\"Public\"] }]",
            "app[0].group_fields[0].key: must be 1 to 16 letters",
        ),
        (
            "group_fields = [{ key = \"A\", types = [] }]",
            "app[0].group_fields[0].types: must name at least one type",
        ),
        (
            "group_fields = [{ key = \"A\", types = [\"public\"] }]",
            "app[0].group_fields[0].types[0]: must be Private, Public",
        ),
        ("group_fields = [{ key = \"A\" }]", "app[0].group_fields[0].types: is missing"),
        ("group_fields = [{ types = [\"Public\"] }]", "app[0].group_fields[0].key: is missing"),
        ("group_fields = [\"A\"]", "app[0].group_fields[0]: must be a section; found text"),
        ("member_fields = \"A\"", "app[0].member_fields: must be a list in [ ]; found text"),
        ("message_days = -1", "app[0].message_days: must be a whole number from 0 to 36500; found -1"),
        ("message_days = 36501", "app[0].message_days: must be a whole number from 0 to 36500; found 36501"),
        (
            "message_days = \"7 days\"",
            "app[0].message_days: must be a whole number from 0 to 36500; found text",
        ),
        (
            "group_fields = [{ key = \"A\", types = [\"Public\"], writable = \"no\" }]",
            "app[0].group_fields[0].writable: must be true or false; found text",
        ),
        (
            "group_fields = [{ key = \"A\", types = [\"Public\"] }, { key = \"A\", types = [\"Work\"] }]",
            "app[0].group_fields[1].key: A is already the key of app[0].group_fields[0].key",
        ),
        (
            "group_fields = [{ key = \"A\", types = [\"Public\"] }]\nmember_fields = [{ key = \"A\", types = [\"Work\"] }]",
            "app[0].member_fields[0].key: A is already the key of app[0].group_fields[0].key",
        ),
    ];
    for (lines, expected) in cases {
        let found = bad_app(lines);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{expected} / {found:?}");
    }
}

#[test]
fn administrators_are_account_names_and_at_least_one() {
    assert!(bad_app("admins = []")[0].starts_with("app[0].admins: must name at least one account"));
    let found = bad_app("admins = [\"ann\", \"\", 3]");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("app[0].admins[1]: must be an account name"), "{found:?}");
    assert!(found[1].starts_with("app[0].admins[2]: must be text"), "{found:?}");
}

#[test]
fn a_key_comes_from_the_file_or_from_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    std::fs::write(&path, "of-the-file-itself\n").unwrap();
    let place = format!("secret_key_file = {:?}\n", path.to_str().unwrap());
    let config = good(&format!("[[app]]\nsdk_app_id = 7\n{place}"), &[]);
    assert!(signs_like(&config, 0, "of-the-file-itself"));

    assert_eq!(
        bad_app(&place),
        [
            "app[0].secret_key_file: cannot be given together with secret_key; remove one of them (f.toml, line 4)"
        ]
    );
    std::fs::write(&path, " \n").unwrap();
    assert!(
        bad(&format!("[[app]]\nsdk_app_id = 7\n{place}"), &[])[0]
            .contains("must not begin or end with white space")
    );
    std::fs::remove_file(&path).unwrap();
    assert!(bad(&format!("[[app]]\nsdk_app_id = 7\n{place}"), &[])[0].contains("cannot be read"));
}

#[test]
fn a_store_is_named_by_its_kind() {
    for url in ["embeded:x", "embedded:"] {
        let found = bad(APP, &[("LANDFALL__STORE__URL", url)]);
        assert!(found[0].starts_with("store.url: must be embedded:DIRECTORY"), "{found:?}");
    }
}

#[test]
fn a_database_is_named_by_its_address() {
    for scheme in ["postgres", "postgresql"] {
        let url = format!("{scheme}://u:pw@db1:5432,db2/landfall?sslmode=require");
        let config = good(APP, &[("LANDFALL__STORE__URL", &url), ("LANDFALL__LIMITS__SHARED", "true")]);
        assert!(matches!(config.store, StoreUrl::Postgres(_)), "{config:?}");
        assert!(config.limits.shared);
    }
    // Reported with the other problems, and before them.
    let found = bad(
        APP,
        &[
            ("LANDFALL__STORE__URL", "postgres://u:pw@h/d?sslmode=never"),
            ("LANDFALL__STORE__CONNECTIONS", "1"),
        ],
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("store.url: ") && !found[0].contains("pw"), "{found:?}");
    assert_eq!(
        found[1],
        "store.connections: must be a whole number from 2 to 1000; found 1 (variable LANDFALL__STORE__CONNECTIONS)"
    );
    assert!(
        bad(&format!("{APP}[store]\nconnections = 1001\n"), &[])[0].starts_with("store.connections: must")
    );
}

#[test]
fn keys_and_passwords_are_never_printed() {
    let config = good(APP, &[("LANDFALL__STORE__URL", "postgres://u:p-secret@h/d")]);
    let printed = format!("{config:?}");
    assert!(!printed.contains("k-secret") && !printed.contains("p-secret"), "{printed}");
    for (text, pairs) in [
        ("[[app]]\nsdk_app_id = 7\nsecret_key = \"hush\" \"hush\"\n", vec![]),
        ("[[app]]\nsdk_app_id = 7\nsecret_key = [\"hush\"]\n", vec![]),
        ("", vec![("LANDFALL__APP", "hush")]),
        ("", vec![("LANDFALL__APP__0", "hush")]),
        (APP, vec![("LANDFALL__APP__0__SDK_APP_ID", "hush")]),
        (APP, vec![("LANDFALL__STORE__URL", "mysql://u:hush@h")]),
        (APP, vec![("LANDFALL__STORE__URL", "postgres://u:hush@h:no-port/d")]),
        (APP, vec![("LANDFALL__STORE__URL", "postgresql://u:hush@h/d?hush=hush")]),
    ] {
        let found = bad(text, &pairs).join("\n");
        assert!(!found.contains("hush"), "{found}");
    }
}

#[test]
fn syntax_errors_name_the_line() {
    let found = bad("listen = \n[[app]]\nx 3\n", &[]);
    assert!(2 <= found.len(), "{found:?}");
    assert!(found[0].contains("is not TOML") && found[0].ends_with("(f.toml, line 1)"), "{found:?}");
    assert!(found.iter().any(|line| line.ends_with("(f.toml, line 3)")), "{found:?}");
}

#[test]
fn variables_that_name_no_setting_are_problems() {
    for (name, expected) in [
        ("LANDFALL__", "must be LANDFALL__SECTION__KEY (variable LANDFALL__)"),
        ("LANDFALL__LOG__", "must be LANDFALL__SECTION__KEY (variable LANDFALL__LOG__)"),
        (
            "LANDFALL__APP__2__SECRET_KEY",
            "app[2].secret_key: entries are counted from 0 without gaps, and there are 1",
        ),
        (
            "LANDFALL__APP__SECRET_KEY",
            "app.secret_key: needs the number of an entry of a list, counted from 0",
        ),
        ("LANDFALL__LISTEN__PORT", "listen.port: is inside text, which has no settings"),
    ] {
        let found = bad(APP, &[(name, "1")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}

#[cfg(unix)]
#[test]
fn variables_that_are_not_utf_8_are_problems_only_when_they_are_ours() {
    use std::os::unix::ffi::OsStringExt as _;
    let broken = OsString::from_vec(vec![0xff, 0xfe]);
    let foreign = [(broken.clone(), broken.clone()), (OsString::from("EDITOR"), broken.clone())];
    assert!(parse("f.toml", APP, foreign).is_ok());
    let ours = [(OsString::from("LANDFALL__LOG__LEVEL"), broken)];
    let problems = parse("f.toml", APP, ours).unwrap_err();
    assert_eq!(problems.to_string(), "log.level: is not UTF-8 (variable LANDFALL__LOG__LEVEL)");
}

#[test]
fn a_missing_file_is_a_problem() {
    let problems = load(Some(Path::new("/nonexistent/landfall.toml")), []).unwrap_err();
    assert!(
        problems.to_string().starts_with("--config: /nonexistent/landfall.toml cannot be read"),
        "{problems}"
    );
}

#[test]
fn limits_of_connections_have_a_range() {
    for line in
        ["body_bytes_max = 100", "connections_max = 0", "head_seconds_max = 0", "idle_seconds_max = 86401"]
    {
        let found = bad(&format!("{APP}[http]\n{line}\n"), &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("must be a whole number from"), "{found:?}");
    }
    assert_eq!(good(&format!("{APP}[http]\ndrain_seconds_max = 0\n"), &[]).http.drain_seconds_max, 0);
}

#[test]
fn the_manual_has_every_setting_with_its_variable() {
    let page = page();
    for expected in [
        "\n## `[[app]]`\n",
        "\n### `app.sdk_app_id`\n",
        "Example: `1400000001`. Variable: `LANDFALL__APP__0__SDK_APP_ID`.",
        "\n### `listen`\n",
        "Default: `\"127.0.0.1:8080\"`. Variable: `LANDFALL__LISTEN`.",
        "Default: `200`. Variable: `LANDFALL__LIMITS__CALLS_PER_SECOND`.",
        "\n## `[tls]`\n\nHTTPS instead of HTTP.",
        "\n## `[app.webhook]`\n\nWebhooks of the app,",
        "\n### `app.webhook.url`\n",
        "Variable: `LANDFALL__APP__0__WEBHOOK__URL`.",
        "Default: `\"faithful\"`. Variable: `LANDFALL__LIMITS__MODE`.",
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
}

#[test]
fn metrics_are_served_where_an_address_is_given() {
    let metrics = |text: &str| good(&format!("{APP}[metrics]\nlisten = \"{text}\"\n"), &[]).metrics;
    assert_eq!(metrics(""), None);
    assert_eq!(metrics("[::1]:0"), "[::1]:0".parse().ok());
    assert_eq!(
        good(APP, &[("LANDFALL__METRICS__LISTEN", "127.0.0.1:9464")]).metrics,
        "127.0.0.1:9464".parse().ok()
    );
    let problems = bad(&format!("{APP}[metrics]\nlisten = \"9464\"\n"), &[]);
    assert!(problems[0].starts_with("metrics.listen: must be an IP address and a port"), "{problems:?}");
}

#[test]
fn the_console_is_there_unless_it_is_switched_off() {
    let console = |lines: &str| good(&format!("{APP}[console]\n{lines}\n"), &[]).console;
    let expected =
        |enabled, listen: &str| ConsoleConfig { enabled, listen: listen.parse().ok(), first_password: None };
    assert_eq!(console(""), expected(true, ""));
    assert_eq!(console("enabled = false"), expected(false, ""));
    assert_eq!(console("listen = \"127.0.0.1:8081\""), expected(true, "127.0.0.1:8081"));
    let problems = bad(&format!("{APP}[console]\nlisten = \"8081\"\n"), &[]);
    assert!(problems[0].starts_with("console.listen: must be an IP address and a port"), "{problems:?}");
}

#[test]
fn addresses_and_networks_can_be_exempt_from_limits_per_address() {
    let exempt =
        |list: &str| good(&format!("{APP}[http]\nexempt_addresses = {list}\n"), &[]).http.exempt_addresses;
    assert_eq!(exempt("[]"), Exempt::new(Vec::new()));
    let networks = ["10.1.0.5/32", "fd00::/8"].map(|network| network.parse().unwrap());
    assert_eq!(exempt("[\"10.1.0.5\", \"fd00::/8\"]"), Exempt::new(networks.to_vec()));
    let problems = bad(&format!("{APP}[http]\nexempt_addresses = [\"10.1.0.5\", \"proxy\"]\n"), &[]);
    assert!(
        problems[0].starts_with("http.exempt_addresses[1]: must be an IP address, or a network"),
        "{problems:?}"
    );
}

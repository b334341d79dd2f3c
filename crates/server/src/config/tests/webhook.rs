use super::*;
use crate::webhook::events::{EVENTS, caused};

const WEBHOOK: &str = "[app.webhook]\nurl = \"https://example.com/hook\"\n";

/// The webhook of an app with these lines after its URL.
fn webhook(lines: &str, pairs: &[(&str, &str)]) -> WebhookConfig {
    good(&format!("{APP}{WEBHOOK}{lines}"), pairs).apps.remove(0).webhook.unwrap()
}

/// The problems of a webhook with these lines after its URL, the first of them in line 6.
fn bad_webhook(lines: &str) -> Vec<String> {
    bad(&format!("{APP}{WEBHOOK}{lines}"), &[])
}

fn bad_url(url: &str) -> Vec<String> {
    bad_app(&format!("[app.webhook]\nurl = {url:?}\n"))
}

#[test]
fn an_address_alone_is_enough_and_the_rest_is_as_the_examples_say() {
    let example = |key: &str| {
        let value = DEFAULT.lines().find_map(|line| line.strip_prefix(&format!("#{key} = ")));
        format!("{key} = {}\n", value.unwrap())
    };
    let examples: String =
        ["events", "allow_private", "on_timeout", "retry_seconds"].into_iter().map(example).collect();
    for lines in ["", &examples] {
        let webhook = webhook(lines, &[]);
        assert_eq!(webhook.url.as_str(), "https://example.com/hook");
        assert!(webhook.token.is_none() && webhook.ca.is_none() && webhook.client.is_none());
        assert_eq!((webhook.events, webhook.on_timeout), (Events::All, OnTimeout::Allow));
        assert!(!webhook.allow_private);
        assert_eq!(webhook.retry_seconds, [1, 5, 30, 120, 600, 1_800, 3_600]);
    }
}

#[test]
fn each_app_has_a_receiver_of_its_own() {
    let other = "[[app]]\nsdk_app_id = 2\nsecret_key = \"0123456789abcdef\"\n";
    let third = "[[app]]\nsdk_app_id = 3\nsecret_key = \"0123456789abcdef\"\n[app.webhook]\nurl = \"http://other.example\"\n";
    let apps = good(&format!("{APP}{WEBHOOK}{other}{third}"), &[]).apps;
    let urls: Vec<Option<&str>> =
        apps.iter().map(|app| app.webhook.as_ref().map(|webhook| webhook.url.as_str())).collect();
    assert_eq!(urls, [Some("https://example.com/hook"), None, Some("http://other.example/")]);
}

#[test]
fn a_webhook_can_come_from_variables_alone() {
    let pairs = [
        ("LANDFALL__APP__0__WEBHOOK__URL", "https://10.1.2.3:8443/"),
        ("LANDFALL__APP__0__WEBHOOK__TOKEN", "12"),
        ("LANDFALL__APP__0__WEBHOOK__EVENTS", r#"["State.StateChange"]"#),
        ("LANDFALL__APP__0__WEBHOOK__ALLOW_PRIVATE", "true"),
        ("LANDFALL__APP__0__WEBHOOK__ON_TIMEOUT", "refuse"),
        ("LANDFALL__APP__0__WEBHOOK__RETRY_SECONDS", "[86400, 1]"),
        ("LANDFALL__APP__0__WEBHOOK__CA", "ca.pem"),
        ("LANDFALL__APP__0__WEBHOOK__CLIENT_CERT", "c.pem"),
        ("LANDFALL__APP__0__WEBHOOK__CLIENT_KEY", "c.key"),
    ];
    let webhook = good(APP, &pairs).apps.remove(0).webhook.unwrap();
    assert_eq!(webhook.url.as_str(), "https://10.1.2.3:8443/");
    let sign = |token: &Token| token.sign(Timestamp(7));
    assert_eq!(webhook.token.as_ref().map(sign), Token::new("12".to_owned()).as_ref().ok().map(sign));
    assert!(webhook.allow_private);
    assert_eq!((webhook.on_timeout, webhook.retry_seconds.as_slice()), (OnTimeout::Refuse, &[86_400, 1][..]));
    assert_eq!(webhook.ca, Some(PathBuf::from("ca.pem")));
    assert_eq!(webhook.client, Some(TlsConfig { cert: PathBuf::from("c.pem"), key: PathBuf::from("c.key") }));
}

#[test]
fn events_are_all_or_those_named() {
    let all = webhook("events = [\"State.StateChange\", \"all\"]\n", &[]);
    let named = webhook("events = [\"Group.CallbackAfterSendMsg\", \"Group.CallbackAfterSendMsg\"]\n", &[]);
    for event in caused() {
        assert!(all.wants(event));
        assert_eq!(named.wants(event), event == "Group.CallbackAfterSendMsg", "{event}");
    }
    assert!(webhook("retry_seconds = []\n", &[]).retry_seconds.is_empty());
}

/// `landfall config --default` is where an unknown event sends its reader.
#[test]
fn the_default_configuration_lists_every_event_that_is_sent_once() {
    let begin = DEFAULT.find("# Events that are sent").unwrap();
    let end = DEFAULT.find("#events = ").unwrap();
    let mut listed: Vec<String> = Vec::new();
    let mut service = "";
    for word in DEFAULT[begin..end].split([' ', '\n', ',', ';', '.']) {
        match word {
            "Group" | "State" | "Alert" | "Profile" | "Follow" | "Sns" | "C2C" | "OfficialAccount" => {
                service = word
            }
            "StateChange" | "RequestOverLimit" => listed.push(format!("{service}.{word}")),
            _ if word.starts_with("Callback") => listed.push(format!("{service}.{word}")),
            _ => {}
        }
    }
    let mut events: Vec<&str> = caused().collect();
    events.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, events);
}

#[test]
fn an_event_that_nothing_causes_is_refused() {
    let mut refused = 0;
    for event in EVENTS {
        let events = format!("events = [\"State.StateChange\", \"{}\"]\n", event.name);
        if event.is_caused() {
            assert!(webhook(&events, &[]).wants(event.name));
            continue;
        }
        let [found] = &bad_webhook(&events)[..] else { panic!("{}", event.name) };
        assert!(found.starts_with("app[0].webhook.events[1]: is an event that "), "{found}");
        assert!(found.contains("in this version; take it out (f.toml, line 6)"), "{found}");
        refused += 1;
    }
    assert!(0 < refused, "this test says nothing");
    let named = |event: &str| bad_webhook(&format!("events = [\"{event}\"]\n")).remove(0);
    assert!(named("Alert.RequestOverLimit").contains("is an event that is always sent in this version"));
    let nothing = "Group.CallbackOnDailyGroupQuotaAlarm";
    assert!(named(nothing).contains("is an event that nothing causes in this version"));
    // Nor is it proposed.
    assert!(named("CallbackPrevFriendAdd").contains("`landfall config --default` lists them"));
}

#[test]
fn all_problems_of_a_webhook_are_shown_at_once() {
    let found = bad_webhook(
        "token = \"\"\nevents = [\"CallbackAfterSendMsg\", \"Group.CallbackAfterMemberExits\", \"Bot.OnGroupMessage\", 7]\n\
         allow_private = \"no\"\non_timeout = \"wait\"\nretry_seconds = [0, 86401, \"x\"]\nca = \"\"\n\
         client_key = \"k\"\nsecret = 1\n",
    );
    assert_eq!(
        found,
        [
            "app[0].webhook.token: must not be empty: anyone could sign with it (f.toml, line 6)",
            "app[0].webhook.events[0]: is not an event that can be sent; did you mean \"Group.CallbackAfterSendMsg\"? (f.toml, line 7)",
            "app[0].webhook.events[1]: is not an event that can be sent; did you mean \"Group.CallbackAfterMemberExit\"? (f.toml, line 7)",
            "app[0].webhook.events[2]: is not an event that can be sent; `landfall config --default` lists them (f.toml, line 7)",
            "app[0].webhook.events[3]: must be text in quotes; found a number (f.toml, line 7)",
            "app[0].webhook.allow_private: must be true or false; found text (f.toml, line 8)",
            "app[0].webhook.on_timeout: must be \"allow\" or \"refuse\"; found \"wait\" (f.toml, line 9)",
            "app[0].webhook.retry_seconds[0]: must be a whole number from 1 to 86400; found 0 (f.toml, line 10)",
            "app[0].webhook.retry_seconds[1]: must be a whole number from 1 to 86400; found 86401 (f.toml, line 10)",
            "app[0].webhook.retry_seconds[2]: must be a whole number from 1 to 86400; found text (f.toml, line 10)",
            "app[0].webhook.ca: must be a path (f.toml, line 11)",
            "app[0].webhook.client_key: needs client_cert beside it (f.toml, line 12)",
            "app[0].webhook.secret: is unknown; known here are url, token, token_file, events, allow_private, \
             on_timeout, retry_seconds, ca, client_cert, client_key (f.toml, line 13)",
        ]
    );
    assert_eq!(bad_app("[app.webhook]\n"), ["app[0].webhook.url: is missing (f.toml, line 4)"]);
    assert_eq!(
        bad_app("webhook = true\n"),
        ["app[0].webhook: must be a section; found true or false (f.toml, line 4)"]
    );
}

#[test]
fn lists_of_a_webhook_have_their_bounds() {
    assert_eq!(
        bad_webhook("events = []\n"),
        [
            "app[0].webhook.events: must name at least one event, or \"all\"; to send none, take the section out (f.toml, line 6)"
        ]
    );
    let retries = |count: usize| format!("retry_seconds = {:?}\n", vec![1; count]);
    assert_eq!(webhook(&retries(50), &[]).retry_seconds.len(), 50);
    assert_eq!(
        bad_webhook(&retries(51)),
        ["app[0].webhook.retry_seconds: must have at most 50 entries; found 51 (f.toml, line 6)"]
    );
}

/// The tests of `webhook::url` check which URLs are accepted; this one checks the messages.
#[test]
fn addresses_are_checked_and_never_quoted() {
    for (url, expected) in [
        ("ftp://hush.example/", "must begin with http:// or https://"),
        ("https://u:hush@example.com/", "must hold no user and no password"),
        ("https://example.com/?hush", "must hold no query and no fragment"),
        ("https://hush_.example/", "must name a host"),
        (
            "https://192.168.0.7/hush",
            "is in a private network or on this machine; to call it, set allow_private = true",
        ),
        ("https://[::1]/hush", "is in a private network or on this machine"),
        ("https://127.1/hush", "is in a private network or on this machine"),
    ] {
        let found = bad_url(url);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("app[0].webhook.url: {expected}")), "{found:?}");
        assert!(found[0].ends_with(" (f.toml, line 5)") && !found[0].contains("hush"), "{found:?}");
    }
    assert!(webhook("", &[("LANDFALL__APP__0__WEBHOOK__URL", "http://198.41.0.4/")]).url.scheme() == "http");
}

/// What has no effect is a mistake: its writer believes that the receiver is checked.
#[test]
fn certificates_are_for_https() {
    let lines = "ca = \"ca.pem\"\nclient_cert = \"c.pem\"\nclient_key = \"c.key\"\n";
    assert!(webhook(lines, &[]).client.is_some());
    let found = bad_app(&format!("[app.webhook]\nurl = \"http://example.com\"\n{lines}"));
    assert_eq!(
        found,
        [
            "app[0].webhook.ca: is for https, but the url begins with http (f.toml, line 6)",
            "app[0].webhook.client_cert: is for https, but the url begins with http (f.toml, line 7)",
        ]
    );
    assert_eq!(
        bad_webhook("client_cert = \"c.pem\"\n"),
        ["app[0].webhook.client_cert: needs client_key beside it (f.toml, line 6)"]
    );
}

#[test]
fn a_token_comes_from_the_file_or_from_a_file_of_its_own_and_is_never_printed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, "t-secret\n").unwrap();
    let place = format!("token_file = {:?}\n", path.to_str().unwrap());
    let inline = webhook("token = \"t-secret\"\n", &[]);
    let of_file = webhook(&place, &[]);
    assert_eq!(
        inline.token.as_ref().map(|token| token.sign(Timestamp(1))),
        of_file.token.as_ref().map(|token| token.sign(Timestamp(1)))
    );
    let printed = format!("{inline:?} {of_file:?}");
    assert!(printed.contains("***") && !printed.contains("t-secret"), "{printed}");

    assert_eq!(
        bad_webhook(&format!("token = \"t-secret\"\n{place}")),
        [
            "app[0].webhook.token_file: cannot be given together with token; remove one of them (f.toml, line 7)"
        ]
    );
    std::fs::write(&path, " \n").unwrap();
    assert!(bad_webhook(&place)[0].contains("token_file: must not begin or end with white space"));
    std::fs::remove_file(&path).unwrap();
    assert!(bad_webhook(&place)[0].contains("token_file: cannot be read"));
    assert!(!bad_webhook("token = [\"t-secret\"]\n")[0].contains("t-secret"));
}

use super::*;

fn nats(address: &str) -> Option<NatsConfig> {
    good(APP, &[("LANDFALL__EVENTS__NATS", address)]).events.nats
}

fn bad_nats(address: &str) -> Vec<String> {
    bad(&format!("{APP}[events]\nnats = {address:?}\n"), &[])
}

#[test]
fn without_nats_the_store_carries_events() {
    assert!(good(APP, &[]).events.nats.is_none());
    let nats = good(&format!("{APP}[events]\nnats = \"nats://127.0.0.1:4222\"\n"), &[]).events.nats.unwrap();
    assert_eq!((nats.to_string().as_str(), nats.subject.as_str()), ("nats://127.0.0.1:4222", "landfall"));
    assert!(nats.login.is_none());
}

#[test]
fn several_servers_share_one_login_which_is_not_printed() {
    let user = NatsLogin::User { name: "zoe".to_owned(), password: "h,sh".to_owned() };
    for address in [
        "nats://zoe:h%2Csh@one:1,tls://two:2,nats://[::1]:3",
        "nats://one:1, tls://zoe:h%2Csh@two:2, nats://[::1]:3/",
        "nats://zoe:h%2Csh@one:1,tls://zoe:h%2Csh@two:2,nats://zoe:h%2Csh@[::1]:3",
    ] {
        let nats = nats(address).unwrap();
        assert_eq!(nats.to_string(), "nats://***@one:1,tls://***@two:2,nats://***@[::1]:3");
        assert_eq!(nats.login.as_ref(), Some(&user));
        let printed = format!("{nats:?}");
        assert!(!printed.contains("zoe") && !printed.contains("sh@") && printed.contains("***"), "{printed}");
    }
    assert_eq!(nats("tls://t0ken@one").unwrap().login, Some(NatsLogin::Token("t0ken".to_owned())));
}

#[test]
fn what_is_wrong_with_an_address_is_said_without_quoting_it() {
    for (address, expected) in [
        ("", "must be nats://HOST:PORT"),
        ("hush:4222", "must be nats://HOST:PORT"),
        ("nats://u:hush@", "must be nats://HOST:PORT"),
        ("nats://u:hush@h:port", "must be nats://HOST:PORT"),
        ("nats://u:hush@h/path", "must be nats://HOST:PORT"),
        ("nats://u:hush@h?x=1", "must be nats://HOST:PORT"),
        ("nats://u:hush@h#x", "must be nats://HOST:PORT"),
        ("ws://u:hush@h", "must be nats://HOST:PORT"),
        ("nats://one,", "must be nats://HOST:PORT"),
        ("nats://u:hush@one,nats://u:other@two", "must have the same user and password"),
        ("nats://:hush@h", "has a password without a user"),
        ("nats://u:hush%ff@h", "must have a user and password that are UTF-8"),
    ] {
        let found = bad_nats(address);
        assert_eq!(found.len(), 1, "{address}: {found:?}");
        assert!(found[0].starts_with(&format!("events.nats: {expected}")), "{address}: {found:?}");
        assert!(!found[0].contains("hush"), "{address}: {found:?}");
    }
}

#[test]
fn a_subject_is_one_of_its_own() {
    for subject in ["landfall", "chat.landfall-2.A_b", &"a".repeat(255)] {
        let nats =
            good(APP, &[("LANDFALL__EVENTS__NATS", "nats://h"), ("LANDFALL__EVENTS__SUBJECT", subject)]);
        assert_eq!(nats.events.nats.unwrap().subject, subject);
    }
    for subject in ["", ".", "a.", "a..b", "a.*", ">", "a b", "\u{e9}", &"a".repeat(256)] {
        let found = bad(APP, &[("LANDFALL__EVENTS__SUBJECT", subject)]);
        assert!(found[0].starts_with("events.subject: must be words of letters"), "{subject}: {found:?}");
    }
    // Both problems at once.
    let both = [("LANDFALL__EVENTS__NATS", "h"), ("LANDFALL__EVENTS__SUBJECT", "*")];
    assert_eq!(bad(APP, &both).len(), 2);
}

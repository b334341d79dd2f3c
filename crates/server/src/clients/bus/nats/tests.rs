//! Servers over a NATS that comes and goes.

use super::*;
use crate::clients::bus::tests::{in_time, lines, missed, subscribed};
use crate::clients::bus::{BusError, BusEvent};
use crate::config::{Config, parse};
use landfall_test_database::NatsServer;
use tokio::sync::mpsc::UnboundedReceiver;

fn config(servers: &str, subject: &str) -> NatsConfig {
    let text = format!(
        "[[app]]\nsdk_app_id = 1\nsecret_key = \"0123456789abcdef\"\n[events]\nnats = {servers:?}\nsubject = {subject:?}\n"
    );
    let Config { events, .. } = parse("f.toml", &text, []).unwrap();
    events.nats.unwrap()
}

fn config_of(nats: &NatsServer) -> NatsConfig {
    config(&format!("nats://{}", nats.address()), "landfall")
}

async fn start(config: &NatsConfig) -> (Bus, UnboundedReceiver<BusEvent>) {
    let (on_event, events) = subscribed();
    (Bus::over_nats(config, on_event).await.unwrap(), events)
}

async fn refused(config: &NatsConfig) -> BusError {
    let (on_event, _events) = subscribed();
    match in_time(Bus::over_nats(config, on_event)).await {
        Ok(_) => panic!("NATS can be used"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn each_server_receives_the_lines_of_the_others_in_order_and_never_its_own() {
    // Packets are smaller than they could be where NATS takes no larger ones.
    for settings in ["", "max_payload: 16384"] {
        let nats = NatsServer::create(settings).unwrap();
        let (one, mut events_of_one) = start(&config_of(&nats)).await;
        let (other, mut events_of_other) = start(&config_of(&nats)).await;
        let (stranger, _) = start(&config(&format!("nats://{}", nats.address()), "another")).await;
        stranger.publish("of another installation".to_owned());
        let long = "\u{e9}\u{1f600}".repeat(100_000);
        let sent: Vec<String> = (0..1_000)
            .map(|number| if number % 300 == 250 { format!("{number} {long}") } else { format!("{number}") })
            .collect();
        for line in &sent {
            one.publish(line.clone());
            other.publish(format!("other {line}"));
        }
        let received = lines(&mut events_of_other, one.me, sent.len()).await;
        assert!(received == sent);
        let received = lines(&mut events_of_one, other.me, sent.len()).await;
        assert!(
            received.iter().zip(&sent).all(|(received, sent)| received.strip_prefix("other ") == Some(sent))
        );
        one.publish("last".to_owned());
        one.end().await;
        assert_eq!(lines(&mut events_of_other, one.me, 1).await, ["last"]);
        assert!(events_of_one.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_server_that_was_cut_off_misses_something_and_receives_again() {
    let mut nats = NatsServer::create("").unwrap();
    let (one, mut events_of_one) = start(&config_of(&nats)).await;
    let (other, mut events_of_other) = start(&config_of(&nats)).await;
    one.publish("first".to_owned());
    assert_eq!(lines(&mut events_of_other, one.me, 1).await, ["first"]);
    nats.stop().unwrap();
    // That the connection is lost, on both sides.
    assert_eq!(missed(&mut events_of_other).await, Vec::<String>::new());
    assert_eq!(missed(&mut events_of_one).await, Vec::<String>::new());
    // More than is kept meanwhile.
    let long = "x".repeat(1 << 20);
    for _ in 0..40 {
        one.publish(long.clone());
    }
    nats.start().unwrap();
    // That it is back.
    assert!(missed(&mut events_of_one).await.is_empty());
    missed(&mut events_of_other).await;
    // Then lines flow again, perhaps after some that had waited and notices of others that are missing.
    for (sender, events) in [(&one, &mut events_of_other), (&other, &mut events_of_one)] {
        in_time(async {
            let mut number = 0;
            loop {
                sender.publish(format!("again {number}"));
                number += 1;
                let events = events.recv().await.unwrap();
                if matches!(events, BusEvent::Line { from, line } if from == sender.me && line.starts_with("again "))
                {
                    break;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_nats_that_cannot_be_used_is_reported_at_the_start() {
    let nats = NatsServer::create("authorization { user: ann, password: \"hu,sh\" }").unwrap();
    let address = nats.address();
    drop(start(&config(&format!("nats://ann:hu%2Csh@{address}"), "landfall")).await);
    // Nobody listens at the first of them.
    let several = format!("nats://127.0.0.1:1,nats://ann:hu%2Csh@{address}");
    drop(start(&config(&several, "landfall")).await);
    let error = refused(&config(&format!("nats://ann:wr0ng@{address}"), "landfall")).await;
    assert!(matches!(error, BusError::Connect { .. }), "{error}");
    let text = with_causes(&error);
    assert!(text.contains(&format!("cannot connect to nats://***@{address}; see that NATS runs")), "{text}");
    assert!(!text.contains("wr0ng"), "{text}");
    let error = refused(&config("nats://127.0.0.1:1", "landfall")).await;
    assert!(matches!(error, BusError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn a_user_has_to_be_allowed_to_subscribe_to_what_it_publishes() {
    let user = |permissions: &str| {
        format!("authorization {{ users: [{{ user: u, password: p, permissions: {{ {permissions} }} }}] }}")
    };
    let deaf = async |permissions: &str| {
        let nats = NatsServer::create(&user(permissions)).unwrap();
        let error = refused(&config(&format!("nats://u:p@{}", nats.address()), "landfall")).await;
        assert!(matches!(error, BusError::Deaf { .. }), "{error}");
    };
    tokio::join!(deaf("publish: \"other\""), deaf("subscribe: \"other\""));
    let nats = NatsServer::create(&user("publish: \"landfall\", subscribe: \"landfall\"")).unwrap();
    drop(start(&config(&format!("nats://u:p@{}", nats.address()), "landfall")).await);
}

//! The bus over a carrier whose failures the test decides. Time passes when nothing else happens.

use super::*;
use std::collections::VecDeque;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Bound of what these tests wait for.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(20);

pub(super) async fn in_time<Done>(done: impl Future<Output = Done>) -> Done {
    timeout(WAIT_MAX, done).await.expect("this takes too long")
}

/// What a bus calls, and what comes of it.
pub(super) fn subscribed() -> (OnBusEvent, UnboundedReceiver<BusEvent>) {
    let (sender, events) = unbounded_channel();
    // The test may be over while packets still arrive.
    (Arc::new(move |one| drop(sender.send(one))), events)
}

/// The next lines, all of `from`; panics when something is missing.
pub(super) async fn lines(
    events: &mut UnboundedReceiver<BusEvent>,
    from: ServerId,
    count: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        match in_time(events.recv()).await {
            Some(BusEvent::Line { from: sender, line }) if sender == from => lines.push(line),
            other => panic!("{other:?} is received after {} lines", lines.len()),
        }
    }
    lines
}

/// Waits for a notice that something is missing, and returns the lines before it.
pub(super) async fn missed(events: &mut UnboundedReceiver<BusEvent>) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        match in_time(events.recv()).await.expect("the bus is there") {
            BusEvent::Line { line, .. } => lines.push(line),
            BusEvent::Missed => return lines,
        }
    }
}

/// Passes packets to a test, and fails as it says.
struct TestCarrier {
    packets: UnboundedSender<Vec<String>>,
    /// The outcomes of the next calls; later ones succeed.
    outcomes: Mutex<VecDeque<Result<(), String>>>,
}

impl Carrier for TestCarrier {
    const PACKETS_MAX: usize = 2;

    fn packet_bytes_max(&self) -> usize {
        200
    }

    async fn carry(&self, packets: Vec<String>) -> Result<(), String> {
        let outcome = self.outcomes.lock().unwrap().pop_front().unwrap_or(Ok(()));
        if outcome.is_ok() {
            drop(self.packets.send(packets));
        }
        outcome
    }
}

/// A bus whose packets the test gets, and another server that can receive them.
struct Fixture {
    bus: Bus,
    packets: UnboundedReceiver<Vec<String>>,
    other: Arc<BusSubscription>,
    events: UnboundedReceiver<BusEvent>,
}

impl Fixture {
    /// With the outcomes of the first calls.
    fn new(outcomes: Vec<Result<(), String>>) -> Self {
        let (sender, packets) = unbounded_channel();
        let subscription =
            BusSubscription::new(ServerId::draw(), Arc::new(|_| panic!("something is received")));
        let wire = TestCarrier { packets: sender, outcomes: Mutex::new(outcomes.into()) };
        let bus = Bus::start(Queue::new(subscription.me, 2_000), subscription, wire);
        let (on_event, events) = subscribed();
        Self { bus, packets, other: BusSubscription::new(ServerId::draw(), on_event), events }
    }

    /// The next packets, which the other server receives.
    async fn carried(&mut self) -> Vec<String> {
        let packets = in_time(self.packets.recv()).await.expect("the bus is there");
        for packet in &packets {
            assert_eq!(self.other.take(packet.as_bytes()), Some(self.bus.me));
        }
        packets
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_travels_together_and_silence_is_never_long() {
    let mut fixture = Fixture::new(vec![]);
    assert_eq!(fixture.carried().await, [format!("{} 0 line\n", fixture.bus.me)]);
    let started = Instant::now();
    for text in ["one", "two", ""] {
        fixture.bus.publish(text.to_owned());
    }
    assert_eq!(fixture.carried().await, [format!("{} 1 line\none\ntwo\n\n", fixture.bus.me)]);
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(lines(&mut fixture.events, fixture.bus.me, 3).await, ["one", "two", ""]);
    // No more packets in a call than the carrier takes.
    fixture.bus.publish("x".repeat(600));
    assert_eq!([fixture.carried().await.len(), fixture.carried().await.len()], [2, 2]);
    assert_eq!(lines(&mut fixture.events, fixture.bus.me, 1).await, ["x".repeat(600)]);
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(fixture.carried().await, [format!("{} 6 line\n", fixture.bus.me)]);
    assert_eq!(fixture.carried().await, [format!("{} 7 line\n", fixture.bus.me)]);
    assert_eq!(started.elapsed(), 2 * SILENT_AT_MOST);
}

#[tokio::test(start_paused = true)]
async fn what_a_carrier_loses_is_noticed() {
    let lost = || Err("it is away".to_owned());
    let mut fixture = Fixture::new(vec![Ok(()), lost(), lost()]);
    fixture.carried().await;
    fixture.bus.publish("lost".to_owned());
    assert_eq!(fixture.carried().await, [format!("{} 3 line\n", fixture.bus.me)]);
    assert_eq!(fixture.events.try_recv(), Ok(BusEvent::Missed));
    fixture.bus.publish("later".to_owned());
    fixture.carried().await;
    assert_eq!(lines(&mut fixture.events, fixture.bus.me, 1).await, ["later"]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_dropped_and_noticed() {
    let mut fixture = Fixture::new(vec![]);
    fixture.carried().await;
    for number in 0..100 {
        fixture.bus.publish(format!("line {number:03} {}", "x".repeat(91)));
    }
    assert!(!fixture.bus.queue.lock().outgoing.is_empty());
    for _ in 0..10 {
        fixture.carried().await;
    }
    assert_eq!(missed(&mut fixture.events).await, Vec::<String>::new());
    let received = lines(&mut fixture.events, fixture.bus.me, 16).await;
    assert!(received.last().unwrap().starts_with("line 015 "), "{received:?}");
    fixture.bus.publish("much later".to_owned());
    fixture.carried().await;
    assert_eq!(lines(&mut fixture.events, fixture.bus.me, 1).await, ["much later"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_sends_everything_first_and_then_the_end() {
    let mut fixture = Fixture::new(vec![]);
    fixture.carried().await;
    for _ in 0..5 {
        fixture.bus.publish("x".repeat(300));
    }
    fixture.bus.end().await;
    fixture.bus.publish("too late".to_owned());
    let mut packets = Vec::new();
    // The last sender of packets is gone with the task.
    while let Some(more) = in_time(fixture.packets.recv()).await {
        packets.extend(more);
    }
    for packet in &packets {
        fixture.other.take(packet.as_bytes());
    }
    assert!(packets.last().unwrap().ends_with(" end\n"), "{packets:?}");
    assert_eq!(lines(&mut fixture.events, fixture.bus.me, 5).await, vec!["x".repeat(300); 5]);
    tokio::time::advance(Duration::from_secs(60)).await;
    fixture.other.forget_silent();
    assert!(fixture.events.try_recv().is_err());
    // Once more makes no difference.
    fixture.bus.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_a_carrier_that_is_away() {
    let fixture = Fixture::new(vec![Err("it is away".to_owned()); 100]);
    for _ in 0..15 {
        fixture.bus.publish("x".repeat(100));
    }
    let started = Instant::now();
    fixture.bus.end().await;
    assert!(started.elapsed() <= END_AT_MOST, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn with_the_bus_its_task_ends() {
    let mut fixture = Fixture::new(vec![]);
    let subscription = Arc::downgrade(&fixture.bus._subscription);
    assert!(subscription.upgrade().is_some());
    drop(fixture.bus);
    while in_time(fixture.packets.recv()).await.is_some() {}
    assert!(subscription.upgrade().is_none());
}

#[tokio::test]
async fn bytes_that_are_no_packet_are_ignored() {
    let (on_event, mut events) = subscribed();
    let subscription = BusSubscription::new(ServerId(1), on_event);
    for garbage in [&b""[..], b"\xff\xfe", b"hello", b"0000000000000002 x line\nhello\n"] {
        assert_eq!(subscription.take(garbage), None);
    }
    assert_eq!(subscription.take(b"0000000000000002 0 line\nhello\n"), Some(ServerId(2)));
    assert_eq!(lines(&mut events, ServerId(2), 1).await, ["hello"]);
}

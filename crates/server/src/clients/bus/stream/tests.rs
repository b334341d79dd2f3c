//! Every cut, loss and repetition that a transport may think of.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, SizeRange};

const ME: ServerId = ServerId(1);
const OTHER: ServerId = ServerId(0xabcd);

/// A subscribed server, with the events that it received in order.
struct Listener {
    incoming: Incoming,
    now: Instant,
    events: Vec<BusEvent>,
}

impl Listener {
    /// One that has just started.
    fn new() -> Self {
        Self { incoming: Incoming::new(ME), now: Instant::now(), events: Vec::new() }
    }

    /// One that knows the streams of all servers that ran at its start.
    fn settled() -> Self {
        let mut listener = Self::new();
        listener.take(&Outgoing::new(ME, 0).keep_alive());
        listener.now += SETTLING;
        listener
    }

    fn take(&mut self, packet: &str) {
        let events = &mut self.events;
        self.incoming.take(packet, self.now, &mut |one| events.push(one)).unwrap();
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        let events = &mut self.events;
        self.incoming.forget_silent(self.now, &mut |one| events.push(one));
    }

    /// The events since the last call.
    fn take_events(&mut self) -> Vec<BusEvent> {
        take(&mut self.events)
    }
}

fn line(text: &str) -> BusEvent {
    BusEvent::Line { from: OTHER, line: text.to_owned() }
}

fn outgoing() -> Outgoing {
    Outgoing::new(OTHER, usize::MAX)
}

/// All packets of these lines.
fn packets(lines: &[&str], bytes_max: usize) -> Vec<String> {
    let mut outgoing = outgoing();
    for line in lines {
        outgoing.push((*line).to_owned()).unwrap();
    }
    std::iter::from_fn(|| outgoing.packet(bytes_max)).collect()
}

#[test]
fn a_packet_looks_as_described() {
    let mut outgoing = outgoing();
    assert_eq!(outgoing.keep_alive(), "000000000000abcd 0 line\n");
    for line in ["one", "", &"x".repeat(100), "two"] {
        outgoing.push(line.to_owned()).unwrap();
    }
    let rest = 128 - "000000000000abcd 1 line\none\n\n".len();
    let first = format!("000000000000abcd 1 line\none\n\n{}", "x".repeat(rest));
    assert_eq!(outgoing.packet(128), Some(first));
    let second = format!("000000000000abcd 2 rest\n{}\ntwo\n", "x".repeat(100 - rest));
    assert_eq!(outgoing.packet(128), Some(second));
    assert_eq!((outgoing.packet(128), outgoing.bytes), (None, 0));
    assert_eq!(outgoing.end(), "000000000000abcd 3 end\n");
}

#[test]
fn a_server_does_not_receive_its_own_lines() {
    let mut listener = Listener::new();
    let mut own = Outgoing::new(ME, usize::MAX);
    own.push("one".to_owned()).unwrap();
    let packet = own.packet(1_000).unwrap();
    assert_eq!(
        listener.incoming.take(&packet, listener.now, &mut |_| panic!("something is received")),
        Ok(ME)
    );
}

#[test]
fn a_server_that_joins_receives_the_first_whole_line_and_misses_nothing() {
    let long = "l".repeat(350);
    let packets = packets(&["a", &long, "b", "c"], 128);
    assert_eq!(packets.len(), 4);
    for (first, expected) in [(0, vec!["a", &long, "b", "c"]), (1, vec!["b", "c"]), (3, vec!["b", "c"])] {
        let mut listener = Listener::new();
        for packet in &packets[first..] {
            listener.take(packet);
        }
        assert_eq!(
            listener.take_events(),
            expected.into_iter().map(line).collect::<Vec<_>>(),
            "from {first} on"
        );
    }
}

#[test]
fn a_settled_server_misses_the_beginning_of_a_new_stream() {
    let packets = packets(&["a", &"l".repeat(350), "b"], 128);
    // From its first packet on: it has just started.
    let mut listener = Listener::settled();
    listener.take(&packets[0]);
    assert_eq!(listener.take_events(), [line("a")]);
    let mut listener = Listener::settled();
    listener.take(&packets[3]);
    assert_eq!(listener.take_events(), [BusEvent::Missed, line("b")]);
}

#[test]
fn a_line_with_a_hole_is_not_received() {
    let packets = packets(&["a", &"l".repeat(350), "b"], 128);
    let mut listener = Listener::new();
    for (number, events) in [(0, vec![line("a")]), (1, vec![]), (3, vec![BusEvent::Missed, line("b")])] {
        listener.take(&packets[number]);
        assert_eq!(listener.take_events(), events);
    }
}

#[test]
fn what_is_dropped_leaves_a_gap() {
    let mut outgoing = Outgoing::new(OTHER, 2 * cost("four"));
    let mut listener = Listener::new();
    listener.take(&outgoing.keep_alive());
    assert_eq!(outgoing.push("four".to_owned()), Ok(()));
    assert_eq!(outgoing.push("four".to_owned()), Ok(()));
    assert_eq!(outgoing.push(String::new()), Err(Dropped::Full));
    assert_eq!(outgoing.push(String::new()), Err(Dropped::Full));
    listener.take(&outgoing.packet(1_000).unwrap());
    assert_eq!(listener.take_events(), [BusEvent::Missed, line("four"), line("four")]);
    // Room again.
    assert_eq!(outgoing.push("four".to_owned()), Ok(()));
    listener.take(&outgoing.packet(1_000).unwrap());
    assert_eq!(listener.take_events(), [line("four")]);
    // Also when nothing else is sent afterwards.
    outgoing.push("much too long for it".repeat(10)).unwrap_err();
    listener.take(&outgoing.keep_alive());
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
}

#[test]
fn lines_that_cannot_be_sent_are_dropped() {
    let mut outgoing = outgoing();
    for unfit in ["a\nb".to_owned(), "\0".to_owned(), "x".repeat(LINE_BYTES_MAX + 1)] {
        assert_eq!(outgoing.push(unfit), Err(Dropped::Unfit));
    }
    let longest = "x".repeat(LINE_BYTES_MAX);
    outgoing.push(longest.clone()).unwrap();
    let mut listener = Listener::new();
    while let Some(packet) = outgoing.packet(7_900) {
        assert!(packet.len() <= 7_900);
        listener.take(&packet);
    }
    assert!(listener.take_events() == [line(&longest)]);
}

#[test]
fn no_sender_makes_us_keep_more_than_the_longest_line() {
    let mut listener = Listener::new();
    let piece = "x".repeat(1 << 20);
    listener.take(&format!("{OTHER} 0 line\n{piece}"));
    for number in 1..10 {
        listener.take(&format!("{OTHER} {number} rest\n{piece}"));
        assert!(listener.incoming.servers[&OTHER].unfinished.len() <= LINE_BYTES_MAX);
    }
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
    listener.take(&format!("{OTHER} 10 rest\nx\nnext\n"));
    assert_eq!(listener.take_events(), [line("next")]);
}

#[test]
fn a_packet_that_contradicts_the_one_before_is_a_loss() {
    let mut listener = Listener::new();
    listener.take(&format!("{OTHER} 0 line\nbeginning of "));
    listener.take(&format!("{OTHER} 1 line\na line\n"));
    assert_eq!(listener.take_events(), [BusEvent::Missed, line("a line")]);
    listener.take(&format!("{OTHER} 2 rest\nthe rest of another\n"));
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
    // Far back is no repetition.
    listener.take(&format!("{OTHER} {} line\n", u64::MAX - 1));
    listener.take(&format!("{OTHER} 3 line\na line\n"));
    assert_eq!(listener.take_events(), [BusEvent::Missed, BusEvent::Missed, line("a line")]);
}

#[test]
fn a_stream_that_ended_is_not_missed_and_one_that_fell_silent_is() {
    for ends in [true, false] {
        let mut listener = Listener::new();
        let mut outgoing = outgoing();
        outgoing.push("one".to_owned()).unwrap();
        let packet = outgoing.packet(1_000).unwrap();
        listener.take(&packet);
        let last = if ends { outgoing.end() } else { outgoing.keep_alive() };
        // Repeated, as it may be.
        for packet in [&last, &packet, &last] {
            listener.take(packet);
        }
        assert_eq!(listener.take_events(), [line("one")]);
        listener.wait(SILENCE - Duration::from_millis(1));
        assert_eq!((listener.take_events().len(), listener.incoming.servers.len()), (0, 1));
        listener.wait(Duration::from_millis(1));
        assert_eq!(listener.take_events(), if ends { vec![] } else { vec![BusEvent::Missed] });
        assert_eq!(listener.incoming.servers.len(), 0);
        listener.wait(SILENCE);
        assert_eq!(listener.take_events(), []);
    }
    // A server that was cut off and comes back may have sent something meanwhile.
    let mut listener = Listener::settled();
    let mut outgoing = outgoing();
    listener.take(&outgoing.keep_alive());
    listener.wait(SILENCE);
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
    outgoing.push("lost".to_owned()).unwrap();
    drop(outgoing.packet(1_000));
    listener.take(&outgoing.keep_alive());
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
    // And an end that comes after a loss does not hide it.
    drop(outgoing.keep_alive());
    listener.take(&outgoing.end());
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
}

#[test]
fn so_many_servers_are_followed_and_no_more() {
    let mut listener = Listener::new();
    let servers = u64::try_from(SERVERS_MAX).unwrap();
    for server in 10..10 + servers {
        listener.take(&Outgoing::new(ServerId(server), 0).keep_alive());
        listener.now += Duration::from_millis(1);
    }
    assert_eq!(listener.take_events(), []);
    listener.take(&Outgoing::new(OTHER, 0).keep_alive());
    assert_eq!(listener.take_events(), [BusEvent::Missed]);
    assert_eq!(listener.incoming.servers.len(), SERVERS_MAX);
    assert!(!listener.incoming.servers.contains_key(&ServerId(10)));
}

#[test]
fn bytes_that_are_no_packet_are_reported() {
    let mut listener = Listener::new();
    for garbage in [
        "",
        "\n",
        "000000000000abcd 0 line",
        "000000000000abcd 0\n",
        "000000000000abcd 0 line more\n",
        "000000000000abcd  0 line\n",
        "000000000000abcd 0 begin\n",
        "000000000000abcd +1 line\n",
        "000000000000abcd -1 line\n",
        "000000000000abcd 18446744073709551615 line\n",
        "000000000000abcd 18446744073709551616 line\n",
        "000000000000ABCD 0 line\n",
        "+00000000000abcd 0 line\n",
        "abcd 0 line\n",
        "\u{e9}00000000000abcd 0 line\n",
    ] {
        let taken = listener.incoming.take(garbage, listener.now, &mut |_| panic!("{garbage:?} is received"));
        assert_eq!(taken, Err(NotAPacket), "{garbage:?}");
    }
    assert!(listener.incoming.servers.is_empty());
}

#[test]
fn a_server_is_written_as_it_is_read() {
    for id in [ServerId(0), OTHER, ServerId(u64::MAX)] {
        assert_eq!(ServerId::parse(&id.to_string()), Some(id));
    }
}

/// Lines of all lengths, with characters of one byte to four.
fn lines(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof!["[a\u{e9}\u{20ac}\u{1f600}]{0,4}", "[a\u{e9}\u{20ac}\u{1f600}]{100,400}"], count)
}

/// Packets of some lines, sent a few at a time, each with its own bound.
fn cut(lines: &[String], cuts: &[(usize, usize)]) -> Vec<String> {
    let mut outgoing = outgoing();
    let mut packets = Vec::new();
    let mut waiting = lines.iter();
    let mut cuts = cuts.iter().cycle();
    while !(waiting.len() == 0 && outgoing.is_empty()) {
        let &(sent, bytes_max) = cuts.next().unwrap();
        for line in waiting.by_ref().take(sent) {
            outgoing.push(line.clone()).unwrap();
        }
        let packet = outgoing.packet(bytes_max).unwrap_or_else(|| outgoing.keep_alive());
        assert!(packet.len() <= bytes_max, "{} bytes in a packet of {bytes_max}", packet.len());
        packets.push(packet);
    }
    packets
}

fn cuts() -> impl Strategy<Value = Vec<(usize, usize)>> {
    // Some line is sent in each round.
    vec((0_usize..5, PACKET_BYTES_MIN..600), 1..8).prop_map(|mut cuts| {
        cuts[0].0 += 1;
        cuts
    })
}

fn text(packet: &str) -> &str {
    packet.split_once('\n').unwrap().1
}

/// The packets that hold each line: from the one with its first byte to the one with its end.
fn places(lines: &[String], packets: &[String]) -> Vec<(usize, usize)> {
    let mut ends = Vec::new();
    for packet in packets {
        ends.push(ends.last().unwrap_or(&0) + text(packet).len());
    }
    let packet_of = |byte: usize| ends.partition_point(|end| *end <= byte);
    let mut begin = 0;
    let place = |line: &String| {
        let end = begin + line.len();
        let place = (packet_of(begin), packet_of(end));
        begin = end + 1;
        place
    };
    lines.iter().map(place).collect()
}

/// The events of a listener that receives only these packets.
fn expected(lines: &[String], packets: &[String], come: &[bool]) -> Vec<BusEvent> {
    let places = places(lines, packets);
    let mut events = Vec::new();
    let mut last = None;
    for (number, _) in come.iter().enumerate().filter(|(_, come)| **come) {
        if last.is_some_and(|last| last + 1 < number) {
            events.push(BusEvent::Missed);
        }
        last = Some(number);
        for (text, (begin, end)) in lines.iter().zip(&places) {
            if *end == number && come[*begin..=*end].iter().all(|come| *come) {
                events.push(line(text));
            }
        }
    }
    events
}

proptest! {
    #[test]
    fn without_a_loss_all_lines_are_received_in_order(lines in lines(0..20), cuts in cuts()) {
        let mut listener = Listener::settled();
        for packet in cut(&lines, &cuts) {
            listener.take(&packet);
        }
        prop_assert_eq!(listener.take_events(), lines.iter().map(|text| line(text)).collect::<Vec<_>>());
    }

    #[test]
    fn exactly_whole_lines_are_received_and_each_gap_is_noticed(
        lines in lines(0..20),
        cuts in cuts(),
        come in vec(prop::bool::weighted(0.8), 200),
    ) {
        let packets = cut(&lines, &cuts);
        prop_assume!(packets.len() <= come.len());
        let come = &come[..packets.len()];
        let mut listener = Listener::new();
        for (packet, _) in packets.iter().zip(come).filter(|(_, come)| **come) {
            listener.take(packet);
        }
        prop_assert_eq!(listener.take_events(), expected(&lines, &packets, come));
    }

    #[test]
    fn what_comes_twice_counts_once(
        lines in lines(1..20),
        cuts in cuts(),
        again in vec((any::<Index>(), 1_usize..17), 0..5),
    ) {
        let packets = cut(&lines, &cuts);
        let again: Vec<(usize, usize)> =
            again.iter().map(|(at, count)| (at.index(packets.len()), *count)).collect();
        let mut listener = Listener::settled();
        for (number, packet) in packets.iter().enumerate() {
            listener.take(packet);
            for (_, count) in again.iter().filter(|(at, _)| *at == number) {
                for packet in &packets[(number + 1).saturating_sub(*count)..=number] {
                    listener.take(packet);
                }
            }
        }
        prop_assert_eq!(listener.take_events(), lines.iter().map(|text| line(text)).collect::<Vec<_>>());
    }

    /// However much is dropped because the queue is full or lost on the way: the lines received are some of those sent,
    /// in their order, and each loss is followed by an event.
    #[test]
    fn nothing_is_lost_without_a_notice(
        rounds in vec((lines(0..6), PACKET_BYTES_MIN..600, prop::bool::weighted(0.8)), 1..20),
    ) {
        let mut outgoing = Outgoing::new(OTHER, 1_500);
        let mut listener = Listener::new();
        listener.take(&outgoing.keep_alive());
        let (mut sent, mut events) = (Vec::new(), Vec::new());
        // The number of events when something was lost for the last time.
        let mut lost_at = None;
        for (number, (lines, bytes_max, comes)) in rounds.iter().enumerate() {
            for (index, text) in lines.iter().enumerate() {
                let text = format!("{number} {index} {text}");
                sent.push(line(&text));
                if outgoing.push(text).is_err() {
                    lost_at = Some(events.len());
                }
            }
            let packet = outgoing.packet(*bytes_max).unwrap_or_else(|| outgoing.keep_alive());
            if *comes {
                listener.take(&packet);
                events.extend(listener.take_events());
            } else {
                lost_at = Some(events.len());
            }
        }
        while let Some(packet) = outgoing.packet(600) {
            listener.take(&packet);
        }
        listener.take(&outgoing.keep_alive());
        events.extend(listener.take_events());
        if let Some(lost_at) = lost_at {
            prop_assert!(events[lost_at..].contains(&BusEvent::Missed), "{events:?}");
        } else {
            prop_assert_eq!(&events, &sent);
        }
        let mut sent = sent.iter();
        for one in events.iter().filter(|one| **one != BusEvent::Missed) {
            prop_assert!(sent.any(|other| other == one), "{one:?} was not sent, or comes too late");
        }
    }

    #[test]
    fn the_streams_of_two_servers_do_not_mix(
        one in lines(1..10),
        two in lines(1..10),
        cuts in cuts(),
        turns in vec(any::<bool>(), 100),
    ) {
        let rename = |packet: String| packet.replacen(&OTHER.to_string(), &ServerId(7).to_string(), 1);
        let mut first = cut(&one, &cuts).into_iter();
        let mut second = cut(&two, &cuts).into_iter().map(rename);
        let mut listener = Listener::settled();
        for turn in turns {
            let packet = if turn { first.next() } else { second.next() };
            if let Some(packet) = packet {
                listener.take(&packet);
            }
        }
        for packet in first.chain(second) {
            listener.take(&packet);
        }
        let events = listener.take_events();
        for (server, lines) in [(OTHER, &one), (ServerId(7), &two)] {
            let of_it = events.iter().filter_map(|event| match event {
                BusEvent::Line { from, line } if *from == server => Some(line),
                BusEvent::Line { .. } => None,
                BusEvent::Missed => panic!("something is missing"),
            });
            prop_assert_eq!(of_it.collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn garbage_does_no_harm(
        texts in vec(prop_oneof![
            any::<String>(),
            r"[0-9a-f]{16} (0|1|2|18446744073709551614|[0-9]{1,20}) (line|rest|end)\n[ab\n]{0,20}",
            r"000000000000abcd [0-9]{1,3} (line|rest|end)\n[ab\n]{0,20}",
        ], 0..50),
    ) {
        let mut listener = Listener::settled();
        for text in &texts {
            let events = &mut listener.events;
            listener.incoming.take(text, listener.now, &mut |one| events.push(one)).ok();
        }
        let no_line_feed = |event: &BusEvent| match event {
            BusEvent::Line { line, .. } => !line.contains('\n'),
            BusEvent::Missed => true,
        };
        prop_assert!(listener.take_events().iter().all(no_line_feed));
    }
}

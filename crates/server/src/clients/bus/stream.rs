//! The lines of each server as one stream of text, which is cut into packets.
//!
//! A packet is `SERVER NUMBER BEGIN`, a line feed, and a piece of the stream, in which each line ends with a line
//! feed. BEGIN is `line` when the piece begins with a line, `rest` when it begins in the middle of one, and `end` when
//! the server sends no more. Numbers count from 0 without gaps, packets without text included: a gap means that
//! something was lost, on the way or before it was sent. A packet that arrives twice counts once.

use super::{BusEvent, ServerId};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem::{size_of, take};
use std::time::{Duration, Instant};

/// Longest line, in bytes without its end.
pub(super) const LINE_BYTES_MAX: usize = 4 << 20;

/// The smallest bound of a packet, in bytes: a head, and text enough to get on.
pub(super) const PACKET_BYTES_MIN: usize = 128;

/// Servers that are tracked at a time. A server that ended is tracked for [`SILENCE`] more.
const SERVERS_MAX: usize = 256;

/// A server that sends nothing for so long is gone, and its last events may be lost. Ten times the longest silence of a
/// running server.
const SILENCE: Duration = Duration::from_secs(10);

/// After so long, every server that was running at the beginning has sent something.
const SETTLING: Duration = Duration::from_secs(5);

/// Packets that may arrive again: when a call failed its packets are sent once more, a few at a time.
const REPEATED_MAX: u64 = 64;

/// How the text of a packet begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    /// With a line.
    Line,
    /// In the middle of a line.
    Rest,
    /// No text follows.
    End,
}

impl Begin {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "line" => Some(Self::Line),
            "rest" => Some(Self::Rest),
            "end" => Some(Self::End),
            _ => None,
        }
    }
}

impl fmt::Display for Begin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Rest => "rest",
            Self::End => "end",
        })
    }
}

/// Why a line is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// The queue is full.
    Full,
    /// The line is too long, or holds a line feed or a NUL, which transports do not take.
    Unfit,
}

/// The lines that this server has to send.
pub(super) struct Outgoing {
    me: ServerId,
    lines: VecDeque<String>,
    /// Size of the lines, each by [`cost`].
    bytes: usize,
    /// Bound of `bytes`.
    bytes_max: usize,
    /// Bytes of the first line that have been sent.
    left: usize,
    /// Number of the next packet.
    next: u64,
    /// Whether a line was dropped since the last packet.
    gap: bool,
}

/// Size of a line in the queue, in bytes.
fn cost(line: &str) -> usize {
    line.len() + size_of::<String>()
}

impl Outgoing {
    pub(super) fn new(me: ServerId, bytes_max: usize) -> Self {
        Self { me, lines: VecDeque::new(), bytes: 0, bytes_max, left: 0, next: 0, gap: false }
    }

    /// Whether no line waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Queues a line. After a dropped line the next packet skips a number, so that other servers notice.
    pub(super) fn push(&mut self, line: String) -> Result<(), Dropped> {
        let why = if LINE_BYTES_MAX < line.len() || line.contains(['\n', '\0']) {
            Dropped::Unfit
        } else if self.bytes_max < self.bytes + cost(&line) {
            Dropped::Full
        } else {
            self.bytes += cost(&line);
            self.lines.push_back(line);
            return Ok(());
        };
        self.gap = true;
        Err(why)
    }

    /// The next packet, of at most `bytes_max`; `None` when no line waits.
    pub(super) fn packet(&mut self, bytes_max: usize) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let bytes_max = bytes_max.max(PACKET_BYTES_MIN);
        let mut packet = self.keep_alive();
        while let Some(line) = self.lines.front() {
            let room = bytes_max.saturating_sub(packet.len());
            let rest = line.get(self.left..).expect("it was cut where a character begins");
            if room <= rest.len() {
                let (piece, _) = rest.split_at(rest.floor_char_boundary(room));
                packet.push_str(piece);
                self.left += piece.len();
                break;
            }
            packet.push_str(rest);
            packet.push('\n');
            self.bytes -= cost(line);
            self.left = 0;
            self.lines.pop_front();
        }
        Some(packet)
    }

    /// A packet without text: this server is running, and has sent nothing since the packet before.
    pub(super) fn keep_alive(&mut self) -> String {
        self.head(if self.left == 0 { Begin::Line } else { Begin::Rest })
    }

    /// The last packet: this server ends, and nothing of it is missing.
    pub(super) fn end(&mut self) -> String {
        self.head(Begin::End)
    }

    fn head(&mut self, begin: Begin) -> String {
        self.next += u64::from(take(&mut self.gap));
        let head = format!("{} {} {begin}\n", self.me, self.next);
        self.next += 1;
        head
    }
}

/// The bytes are not a packet. They may be from a newer server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAPacket;

struct Packet<'p> {
    from: ServerId,
    number: u64,
    begin: Begin,
    text: &'p str,
}

impl<'p> Packet<'p> {
    fn parse(packet: &'p str) -> Option<Self> {
        let (head, text) = packet.split_once('\n')?;
        let mut words = head.split(' ');
        let (from, number, begin) = (words.next()?, words.next()?, words.next()?);
        let decimal = number.bytes().all(|byte| byte.is_ascii_digit());
        // The last number has none after it.
        let number = number.parse().ok().filter(|&number| decimal && number < u64::MAX)?;
        let (from, begin) = (ServerId::parse(from)?, Begin::parse(begin)?);
        words.next().is_none().then_some(Self { from, number, begin, text })
    }
}

/// The streams of the other servers.
pub(super) struct Incoming {
    me: ServerId,
    servers: BTreeMap<ServerId, PeerStream>,
    /// When the first packet arrived, of any server.
    since: Option<Instant>,
}

impl Incoming {
    pub(super) fn new(me: ServerId) -> Self {
        Self { me, servers: BTreeMap::new(), since: None }
    }

    /// Handles a packet, and calls `on_event` with its events. Returns the server that sent it.
    ///
    /// A new server whose stream is already under way is no loss while this one has just started. Later it is: either
    /// its first packets were lost, or it was silent for so long that it was forgotten.
    pub(super) fn take(
        &mut self,
        packet: &str,
        now: Instant,
        on_event: &mut dyn FnMut(BusEvent),
    ) -> Result<ServerId, NotAPacket> {
        let Some(packet) = Packet::parse(packet) else { return Err(NotAPacket) };
        let from = packet.from;
        let since = *self.since.get_or_insert(now);
        if from == self.me {
            return Ok(from);
        }
        if !self.servers.contains_key(&from) {
            self.make_room(on_event);
        }
        let settled = SETTLING <= now.saturating_duration_since(since);
        let stream = self.servers.entry(from).or_insert_with(|| PeerStream {
            next: if settled { 0 } else { packet.number },
            unfinished: String::new(),
            at: LinePosition::of(packet.begin),
            ended: false,
            last_received: now,
        });
        stream.last_received = now;
        stream.take(&packet, on_event);
        Ok(from)
    }

    /// Forgets servers that have been silent for [`SILENCE`]. Events of a server that did not end its stream may be
    /// lost.
    pub(super) fn forget_silent(&mut self, now: Instant, on_event: &mut dyn FnMut(BusEvent)) {
        let mut missed = false;
        self.servers.retain(|_, stream| {
            let silent = SILENCE <= now.saturating_duration_since(stream.last_received);
            missed |= silent && !stream.ended;
            !silent
        });
        if missed {
            on_event(BusEvent::Missed);
        }
    }

    /// When too many servers are tracked, forgets the one that has been silent for longest.
    fn make_room(&mut self, on_event: &mut dyn FnMut(BusEvent)) {
        if self.servers.len() < SERVERS_MAX {
            return;
        }
        let silent = self.servers.iter().min_by_key(|(_, stream)| stream.last_received).map(|(id, _)| *id);
        if let Some(stream) = silent.and_then(|id| self.servers.remove(&id))
            && !stream.ended
        {
            on_event(BusEvent::Missed);
        }
    }
}

/// Where in a stream its next text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinePosition {
    /// At the beginning of a line.
    Line,
    /// In a line whose beginning is known.
    Rest,
    /// In a line whose beginning is not known, and which therefore is skipped.
    Unknown,
}

impl LinePosition {
    /// Before the first packet of a stream.
    fn of(begin: Begin) -> Self {
        match begin {
            Begin::Line | Begin::End => Self::Line,
            Begin::Rest => Self::Unknown,
        }
    }

    /// Whether a packet that begins so continues the stream here.
    fn continues(self, begin: Begin) -> bool {
        match begin {
            Begin::Line => self == Self::Line,
            Begin::Rest => self != Self::Line,
            Begin::End => true,
        }
    }
}

/// The stream of another server.
struct PeerStream {
    /// Number of the next packet.
    next: u64,
    /// The beginning of a line, while `at` is [`LinePosition::Rest`]; at most [`LINE_BYTES_MAX`].
    unfinished: String,
    at: LinePosition,
    /// Whether the server has ended its stream.
    ended: bool,
    /// When the last packet arrived.
    last_received: Instant,
}

impl PeerStream {
    fn take(&mut self, packet: &Packet<'_>, on_event: &mut dyn FnMut(BusEvent)) {
        let Packet { from, number, begin, text } = *packet;
        if number < self.next && self.next - number <= REPEATED_MAX {
            return;
        }
        if number != self.next || !self.at.continues(begin) {
            tracing::debug!(%from, number, expected = self.next, "packets of the server {from} are missing");
            self.unfinished = String::new();
            self.at = LinePosition::of(begin);
            on_event(BusEvent::Missed);
        }
        self.next = number + 1;
        self.ended = begin == Begin::End;
        for piece in text.split_inclusive('\n') {
            self.read(from, piece, on_event);
        }
    }

    /// Reads one line, or a piece of a line with or without its end.
    fn read(&mut self, from: ServerId, piece: &str, on_event: &mut dyn FnMut(BusEvent)) {
        let (piece, ends) = match piece.strip_suffix('\n') {
            Some(piece) => (piece, true),
            None => (piece, false),
        };
        if self.at != LinePosition::Unknown {
            self.at = LinePosition::Rest;
            if LINE_BYTES_MAX < self.unfinished.len() + piece.len() {
                self.unfinished = String::new();
                self.at = LinePosition::Unknown;
                on_event(BusEvent::Missed);
            } else {
                self.unfinished.push_str(piece);
            }
        }
        if ends {
            let line = take(&mut self.unfinished);
            if self.at == LinePosition::Rest {
                on_event(BusEvent::Line { from, line });
            }
            self.at = LinePosition::Line;
        }
    }
}

#[cfg(test)]
mod tests;

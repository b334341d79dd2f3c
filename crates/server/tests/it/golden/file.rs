//! What a golden file says, and how it is run.

use super::devices::Devices;
use super::names::Names;
use crate::harness::{APP, Client, DataLocation, PATIENCE, SECOND_APP, Server, Setup};
use serde_json::Value;
use std::cmp::Reverse;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;
use tokio::net::TcpStream;

pub(super) struct Golden {
    setup: Setup,
    app: u32,
    steps: Vec<Step>,
}

enum Step {
    Call(GoldenCall),
    Frame(GoldenFrame),
}

/// One call and the answer it must get.
pub(super) struct GoldenCall {
    /// The device of a client that makes it; `None`: an administrator, over HTTP.
    pub(super) device: Option<String>,
    pub(super) path: String,
    pub(super) body: String,
    /// Whether the call is made again until the answer comes.
    is_repeated: bool,
    /// `null`: there must be no answer.
    pub(super) expected: Value,
    place: Place,
}

/// A frame that a device must get.
struct GoldenFrame {
    device: String,
    expected: Value,
    place: Place,
}

/// The lines of what is expected.
#[derive(Clone)]
struct Place {
    lines: Range<usize>,
    /// Whether they are lines of the file that this one begins with.
    is_before: bool,
}

/// What came is not what is expected.
pub(super) struct Difference {
    pub(super) text: String,
    /// What came, with the wild cards of what is expected, as a line of the file.
    pub(super) line: String,
    pub(super) lines: Range<usize>,
}

impl Golden {
    /// Reads a file below `folder`.
    pub(super) fn read(folder: &Path, file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        Self::parse(folder, &text).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()))
    }

    fn parse(folder: &Path, text: &str) -> Result<Self, String> {
        let mut golden = Self { setup: Setup::default(), app: APP, steps: Vec::new() };
        let lines: Vec<&str> = text.lines().collect();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            if line.is_empty() || line.starts_with('#') {
                at += 1;
            } else if let Some(directive) = line.strip_prefix("@ ") {
                golden.obey(folder, directive).map_err(|what| format!("line {}: {what}", at + 1))?;
                at += 1;
            } else {
                let (step, end) =
                    step(&lines, at).ok_or_else(|| format!("line {}: no call with an answer", at + 1))?;
                golden.steps.push(step);
                at = end;
            }
        }
        Ok(golden)
    }

    fn obey(&mut self, folder: &Path, directive: &str) -> Result<(), String> {
        match directive.split_once('=') {
            Some(("unknown", "refuse")) => self.setup.unknown = "refuse",
            Some(("mode", "relaxed")) => self.setup.mode = "relaxed",
            Some(("app", "2")) => self.app = SECOND_APP,
            Some(("first", before)) => {
                self.steps = Self::read(folder, &folder.join(before)).steps;
                for step in &mut self.steps {
                    step.place().is_before = true;
                }
            }
            _ => return Err("unknown directive".to_owned()),
        }
        Ok(())
    }

    /// The calls of the file itself.
    pub(super) fn calls(&self) -> impl Iterator<Item = &GoldenCall> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(call) if !call.place.is_before => Some(call),
            Step::Call(_) | Step::Frame(_) => None,
        })
    }

    /// The place, among all steps, of the call of this command by an administrator that works and gives the most values. It has
    /// only members that are `known`.
    pub(super) fn fullest_call(&self, path: &str, known: &[String]) -> Option<usize> {
        let values = |step: &Step| match step {
            Step::Call(call)
                if call.device.is_none() && call.path == path && call.expected["ErrorCode"] == 0 =>
            {
                let body: serde_json::Map<String, Value> = serde_json::from_str(&call.body).ok()?;
                let given = body.values().filter(|value| !value.is_null() && *value != "").count();
                body.keys().all(|name| known.contains(name)).then_some(given)
            }
            Step::Call(_) | Step::Frame(_) => None,
        };
        let found = self.steps.iter().enumerate().filter_map(|(at, step)| Some((values(step)?, at)));
        found.max_by_key(|(values, at)| (*values, Reverse(*at))).map(|(_, at)| at)
    }

    /// Makes the calls before the one at `at`.
    pub(super) async fn run_until(mut self, at: usize, location: DataLocation) -> Stage {
        let server = Server::start_in(location, self.setup).await;
        let mut run = Run {
            rest: server.client_of(self.app).await,
            devices: Devices::new(server.address, self.app),
            names: Names::new(),
        };
        let Step::Call(next) = self.steps.remove(at) else { panic!("step {at} is no call") };
        for step in self.steps.drain(..at) {
            let difference = match step {
                Step::Call(call) => run.call(call).await,
                Step::Frame(frame) => run.frame(frame).await,
            };
            assert!(difference.is_none(), "{}", difference.map_or(String::new(), |found| found.text));
        }
        Stage { server, run, next }
    }

    pub(super) async fn run(self, location: DataLocation) -> (Vec<Difference>, DataLocation) {
        let server = Server::start_in(location, self.setup).await;
        let mut run = Run {
            rest: server.client_of(self.app).await,
            devices: Devices::new(server.address, self.app),
            names: Names::new(),
        };
        let mut differences = Vec::new();
        for step in self.steps {
            differences.extend(match step {
                Step::Call(call) => run.call(call).await,
                Step::Frame(frame) => run.frame(frame).await,
            });
        }
        drop(run);
        (differences, server.begin_stop().await)
    }
}

/// A server behind some calls of a file.
pub(super) struct Stage {
    server: Server,
    run: Run,
    /// The call that follows.
    pub(super) next: GoldenCall,
}

impl Stage {
    /// Makes a call, after the names in its body are filled in.
    pub(super) async fn call(&mut self, path: &str, body: &str) -> Value {
        let body = self.run.names.fill_in(body);
        self.run.rest.call_text(path, &body).await
    }

    pub(super) async fn stop(self) -> DataLocation {
        drop(self.run);
        self.server.begin_stop().await
    }
}

impl Step {
    fn place(&mut self) -> &mut Place {
        match self {
            Self::Call(call) => &mut call.place,
            Self::Frame(frame) => &mut frame.place,
        }
    }
}

/// What a step needs.
struct Run {
    rest: Client<TcpStream>,
    devices: Devices,
    names: Names,
}

impl Run {
    async fn call(&mut self, call: GoldenCall) -> Option<Difference> {
        let body = self.names.fill_in(&call.body);
        let began = Instant::now();
        let (answer, problems) = loop {
            let answer = match &call.device {
                None => self.rest.call_text(&call.path, &body).await,
                Some(device) => self.devices.call(device, &call.path, &body, call.expected.is_null()).await,
            };
            let problems = self.problems(&call.expected, &answer);
            if problems.is_empty() || !call.is_repeated || PATIENCE < began.elapsed() {
                break (answer, problems);
            }
        };
        self.difference("", &call.expected, answer, problems, call.place)
    }

    async fn frame(&mut self, frame: GoldenFrame) -> Option<Difference> {
        let came = self.devices.frame(&frame.device, &frame.expected, &self.names).await;
        let problems = self.problems(&frame.expected, &came);
        self.difference(&format!("{}: ", frame.device), &frame.expected, came, problems, frame.place)
    }

    fn problems(&mut self, expected: &Value, came: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        self.names.compare("", expected, came, &mut problems);
        problems
    }

    fn difference(
        &mut self,
        before: &str,
        expected: &Value,
        came: Value,
        problems: Vec<String>,
        place: Place,
    ) -> Option<Difference> {
        if problems.is_empty() {
            return None;
        }
        let text = format!("{}\n    {before}what came is {came}", problems.join("; "));
        assert!(!place.is_before, "line {} of the file that comes first: {text}", place.lines.start + 1);
        let merged = self.names.merge(expected, came);
        let is_silent = before.is_empty() && merged.is_null();
        let line = if is_silent { NOTHING.to_owned() } else { format!("< {before}{merged}") };
        Some(Difference { text, line, lines: place.lines })
    }
}

/// The answer of what is not answered.
const NOTHING: &str = "< nothing";

/// The call or frame that begins in line `at`, and the line behind it.
fn step(lines: &[&str], at: usize) -> Option<(Step, usize)> {
    let until = |from: usize, ends: &dyn Fn(&str) -> bool| {
        lines.iter().skip(from).position(|line| ends(line)).map_or(lines.len(), |n| from + n)
    };
    let place = |from: usize| {
        let end = until(from + 1, &|line| line.is_empty() || line.starts_with(['>', '#', '<']));
        Place { lines: from..end, is_before: false }
    };
    let json = |place: &Place, start: &str| {
        let text = lines.get(place.lines.clone())?.join("\n");
        Some(serde_json::from_str(text.strip_prefix(start)?).unwrap_or_else(|error| {
            panic!("line {}: {error}", place.lines.start + 1);
        }))
    };
    if let Some(frame) = lines.get(at)?.strip_prefix("< ") {
        let (device, _) = frame.split_once(": ")?;
        let place = place(at);
        let end = place.lines.end;
        let expected = json(&place, &format!("< {device}: "))?;
        return Some((Step::Frame(GoldenFrame { device: device.to_owned(), expected, place }), end));
    }
    let (is_repeated, head) = first_line(lines.get(at)?)?;
    let (device, head) = match head.split_once(": ") {
        Some((device, head)) if !device.contains(' ') => (Some(device.to_owned()), head),
        _ => (None, head),
    };
    let (path, in_line) = head.split_once(' ').unwrap_or((head, ""));
    let answer = until(at + 1, &|line| line.starts_with("< "));
    let body = [in_line].into_iter().filter(|text| !text.is_empty());
    let body = body.chain(lines.get(at + 1..answer)?.iter().copied()).collect::<Vec<_>>().join("\n");
    let place = place(answer);
    let end = place.lines.end;
    let expected =
        if lines.get(answer).copied() == Some(NOTHING) { Value::Null } else { json(&place, "< ")? };
    let path = path.to_owned();
    Some((Step::Call(GoldenCall { device, path, body, is_repeated, expected, place }), end))
}

/// The first line of a call: whether the call is repeated, and what follows.
fn first_line(line: &str) -> Option<(bool, &str)> {
    let once = line.strip_prefix("> ").map(|path| (false, path));
    once.or_else(|| line.strip_prefix(">> ").map(|path| (true, path)))
}

//! What a run did: as text for people, as JSON for machines, and as one page with plots.

mod page;
mod plot;
mod summary;
mod text;

pub use summary::About;

use serde::Serialize;

/// What happened to the records of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The kind of record, in the plural: `groups`. `source` counts what a conversion could not read.
    pub kind: String,
    /// Records that the server has now and had not before.
    pub imported: u64,
    /// Records whose content was changed on the server.
    pub updated: u64,
    /// Records that the server had already.
    pub unchanged: u64,
    /// Records with a fault, or whose fault is a record before them.
    pub failed: u64,
}

/// Faults of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FaultCount {
    /// The word of the kind, such as `length`.
    pub code: String,
    pub count: u64,
    /// The first one, as a sentence.
    pub example: String,
}

/// Something that a documented default settled: a loss, a cut name, a placeholder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    pub text: String,
    pub count: u64,
}

/// Records that had been brought in when so many seconds had passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    pub seconds: f64,
    pub records: u64,
}

/// Groups with up to so many messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// Such as `11-100`.
    pub messages: String,
    pub groups: u64,
}

/// Calls that ended alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// An `ErrorCode`, `unanswered` or `not_the_api`.
    pub answer: String,
    pub count: u64,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// What ran, such as `Import`.
    pub title: String,
    /// The source, and what was found in it.
    pub source: String,
    pub server: String,
    /// When it began, as `2026-11-30 12:00:00 UTC`.
    pub started: String,
    pub seconds: f64,
    /// Whether it reached the end of the source.
    pub finished: bool,
    pub counts: Vec<Count>,
    pub faults: Vec<FaultCount>,
    pub notes: Vec<Note>,
    pub progress: Vec<Sample>,
    pub group_sizes: Vec<SizeCount>,
    pub calls: Vec<CallCount>,
    /// How often the server was too busy, and the run slowed down.
    pub slowed_down: u64,
    /// The file with the records that failed, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_records: Option<String>,
    /// What to do next, a sentence each.
    pub next: Vec<String>,
}

impl Report {
    /// Without the source, which is known before the end.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }

    /// One object.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has string keys only")
    }

    /// A page of its own: no script, nothing from elsewhere.
    #[must_use]
    pub fn html(&self) -> String {
        page::write(self)
    }
}

/// A number with a comma between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position != 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time span as people say it: `41 s`, `3 min 20 s`, `5 h 12 min`.
#[must_use]
pub fn span(seconds: f64) -> String {
    let whole = format!("{:.0}", seconds.max(0.0)).parse::<u64>().unwrap_or(u64::MAX);
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests;

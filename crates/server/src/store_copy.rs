//! `landfall store copy`: moves everything from one store to another.

use crate::config::StoreUrl;
use landfall_store::embedded::{self, EmbeddedTransfer};
use landfall_store::postgres::{self, PostgresTransfer};
use landfall_store::transfer::{
    self, Comparison, CopyError, Difference, Outcome, PageSize, Phase, Step, Transfer,
};
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The reason why a store was not copied. No text quotes a URL, which can hold a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreCopyError {
    /// A URL that does not name a store.
    #[error("{option} {what}")]
    Url {
        /// The option that holds it.
        option: &'static str,
        /// The problem with it.
        what: String,
    },
    /// A store cannot be opened.
    #[error("the store of {0} cannot be opened")]
    Open(&'static str, #[source] OpenError),
    /// The copy failed.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A signal came.
    #[error("the copy was stopped; run the same command again to continue")]
    Stopped,
    #[error(
        "the stores are not equal:\n{}was the source changed meanwhile? Keep it unused, empty the target, and copy again",
        lines(.0)
    )]
    Different(Vec<Difference>),
}

/// The reason why a store cannot be opened for a copy.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The embedded store.
    #[error(transparent)]
    Embedded(#[from] embedded::OpenError),
    /// The PostgreSQL store.
    #[error(transparent)]
    Postgres(#[from] postgres::OpenError),
    /// The thread that opened it panicked.
    #[error("opening the store broke off")]
    Thread(#[from] tokio::task::JoinError),
}

fn lines(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("  {difference}\n")).collect()
}

/// Copies from the store at the URL `from` to that at `to`, and prints its progress to standard error. Ends
/// after the current page when `shutdown` is done. Returns a report.
///
/// # Errors
/// A store cannot be opened, the copy failed or was stopped, or the stores are not equal after it.
pub async fn copy(
    from: &str,
    to: &str,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<String, StoreCopyError> {
    let (from, to) = (address("--from", from)?, address("--to", to)?);
    if name(&from).is_some() && name(&from) == name(&to) {
        // Opening it twice would fail because this very process uses it.
        return Err(CopyError::SameStore(name(&to).unwrap_or_default()).into());
    }
    let source = source(from).await.map_err(|cause| StoreCopyError::Open("--from", cause))?;
    let target = target(to).await.map_err(|cause| StoreCopyError::Open("--to", cause))?;
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    let waiting = tokio::spawn(async move {
        shutdown.await;
        stop.store(true, Ordering::Relaxed);
    });
    let mut screen = Screen::new(io::stderr().is_terminal());
    let mut report_step = |step| {
        screen.tell(step);
        if stopped.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let copied = transfer::copy(&*source, &*target, PageSize::DEFAULT, &mut report_step).await;
    screen.end_line();
    waiting.abort();
    match copied? {
        Outcome::Equal(comparison) => Ok(report(&comparison)),
        Outcome::Different(comparison) => Err(StoreCopyError::Different(comparison.differences())),
        Outcome::Stopped => Err(StoreCopyError::Stopped),
    }
}

fn address(option: &'static str, url: &str) -> Result<StoreUrl, StoreCopyError> {
    StoreUrl::parse(url).map_err(|what| StoreCopyError::Url { option, what })
}

/// Identifies the store; `None` for a directory that does not exist.
fn name(url: &StoreUrl) -> Option<String> {
    match url {
        StoreUrl::Embedded(directory) => {
            directory.canonicalize().ok().map(|path| EmbeddedTransfer::name_of(&path))
        }
        StoreUrl::Postgres(settings) => Some(settings.to_string()),
    }
}

async fn source(url: StoreUrl) -> Result<Box<dyn Transfer>, OpenError> {
    Ok(match url {
        // Opening replays the journal, so it is done off the async threads.
        StoreUrl::Embedded(directory) => {
            Box::new(tokio::task::spawn_blocking(move || EmbeddedTransfer::source(&directory)).await??)
        }
        StoreUrl::Postgres(settings) => Box::new(PostgresTransfer::source(*settings).await?),
    })
}

async fn target(url: StoreUrl) -> Result<Box<dyn Transfer>, OpenError> {
    Ok(match url {
        StoreUrl::Embedded(directory) => {
            Box::new(tokio::task::spawn_blocking(move || EmbeddedTransfer::target(&directory)).await??)
        }
        StoreUrl::Postgres(settings) => Box::new(PostgresTransfer::target(*settings).await?),
    })
}

/// How often the line on a terminal is updated.
const TERMINAL_EVERY: Duration = Duration::from_millis(200);
/// How often a line is written elsewhere, such as to a file, unless another tenth is done before.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Prints the progress of a copy to standard error.
struct Screen {
    terminal: bool,
    /// Where the current phase began in this run, and when.
    began: Option<(Step, Instant)>,
    /// The last printed step, and when it was printed.
    printed: Option<(Step, Instant)>,
    /// Whether the line on the terminal must be ended before anything else is written.
    open: bool,
}

impl Screen {
    fn new(terminal: bool) -> Self {
        Self { terminal, began: None, printed: None, open: false }
    }

    fn tell(&mut self, step: Step) {
        let now = Instant::now();
        if self.began.is_none_or(|(first, _)| first.phase != step.phase) {
            self.end_line();
            (self.began, self.printed) = (Some((step, now)), None);
        }
        let due = self.printed.is_none_or(|(last, at)| {
            let every = if self.terminal { TERMINAL_EVERY } else { LINE_EVERY };
            let further = if self.terminal { step.rows == step.total } else { tenths(last) < tenths(step) };
            every <= now - at || (last.rows < step.rows && further)
        });
        let Some((first, began)) = self.began.filter(|_| due) else {
            return;
        };
        self.printed = Some((step, now));
        let line = line(step, first.rows, now - began);
        if self.terminal {
            // The line before may have been longer.
            say(&format!("\r\x1b[K{line}"));
            self.open = true;
        } else {
            say(&format!("{line}\n"));
        }
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.open) {
            say("\n");
        }
    }
}

fn tenths(step: Step) -> u64 {
    step.rows.saturating_mul(10).checked_div(step.total).unwrap_or_default()
}

/// The copy continues even if its progress cannot be written.
fn say(text: &str) {
    let mut out = io::stderr().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) | Err(_) => {}
    }
}

/// The progress of a phase that began `elapsed` ago with `before` rows done.
fn line(step: Step, before: u64, elapsed: Duration) -> String {
    let Step { phase, rows, total } = step;
    let doing = match phase {
        Phase::Copying => "copying",
        Phase::Comparing => "comparing",
    };
    let mut line = format!("{doing}: {} of {} rows", grouped(rows), grouped(total));
    if let Some(percent) = rows.min(total).saturating_mul(100).checked_div(total) {
        write!(line, ", {percent} %").unwrap_or_default();
    }
    let per_second = u128::from(rows - before) * 1_000 / elapsed.as_millis().max(1);
    if let Ok(per_second) = u64::try_from(per_second)
        && let Some(seconds) = total.saturating_sub(rows).checked_div(per_second)
    {
        write!(line, ", {} rows/s", grouped(per_second)).unwrap_or_default();
        if rows < total {
            write!(line, ", about {} left", span(seconds)).unwrap_or_default();
        }
    }
    line
}

fn span(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Separates the thousands with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if 0 < index && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Reports what both stores hold, and what to do next.
fn report(comparison: &Comparison) -> String {
    let mut text = format!("{:<24}{:>16}{:>16}\n", "", "source", "target");
    for (app, [source, target]) in &comparison.apps {
        text.push_str(&format!("app {app}\n"));
        for (what, source, target) in [
            ("accounts", source.accounts.count, target.accounts.count),
            ("groups", source.groups_of_all_types(), target.groups_of_all_types()),
            ("members", source.members.count, target.members.count),
            ("topics and other parts", source.parts.count, target.parts.count),
            ("messages", source.messages.count, target.messages.count),
            ("one-to-one messages", source.directs.count, target.directs.count),
            ("other facts on people", source.facts.count, target.facts.count),
        ] {
            text.push_str(&format!("  {what:<22}{:>16}{:>16}  equal\n", grouped(source), grouped(target)));
        }
    }
    text.push_str(
        "everything is copied and equal; set [store] url to the address of --to, and start the server\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging;

    #[test]
    fn progress_is_printed_with_the_time_left() {
        let step = |rows, total| Step { phase: Phase::Copying, rows, total };
        let second = Duration::from_secs(1);
        for (step, before, elapsed, expected) in [
            (step(0, 0), 0, second, "copying: 0 of 0 rows"),
            (step(0, 1_234_567), 0, Duration::ZERO, "copying: 0 of 1,234,567 rows, 0 %"),
            (
                step(250_000, 1_000_000),
                50_000,
                2 * second,
                "copying: 250,000 of 1,000,000 rows, 25 %, 100,000 rows/s, about 7 s left",
            ),
            (step(1_000, 500), 0, second, "copying: 1,000 of 500 rows, 100 %, 1,000 rows/s"),
            (step(999, 999), 0, second, "copying: 999 of 999 rows, 100 %, 999 rows/s"),
        ] {
            assert_eq!(line(step, before, elapsed), expected);
        }
        for (seconds, expected) in [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7_320, "2 h 2 min")] {
            assert_eq!(span(seconds), expected);
        }
    }

    #[tokio::test]
    async fn a_url_that_names_no_store_is_refused_and_not_quoted() {
        for url in ["mysql://ann:secret@db/chat", "embedded:", "", "postgres-ann:secret@db"] {
            let refused = copy(url, "embedded:./nowhere", std::future::pending()).await.unwrap_err();
            assert!(matches!(refused, StoreCopyError::Url { option: "--from", .. }), "{refused}");
            let text: String = logging::chain(&refused).map(ToString::to_string).collect();
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_store_is_not_copied_into_itself_under_another_name() {
        let dir = tempfile::tempdir().unwrap();
        drop(EmbeddedTransfer::target(dir.path()).unwrap());
        let (here, there) = (dir.path().display(), dir.path().file_name().unwrap().to_str().unwrap());
        let (from, to) = (format!("embedded:{here}"), format!("embedded:{here}/../{there}"));
        let refused = copy(&from, &to, std::future::pending()).await.unwrap_err();
        assert!(matches!(refused, StoreCopyError::Copy(CopyError::SameStore(_))), "{refused}");
    }
}

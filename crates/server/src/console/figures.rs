//! Figures of the calls of this server, read from the text of its metrics, so that the monitor costs the calls nothing.

use std::collections::BTreeMap;

/// What is known of the calls of one command.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Calls {
    pub(super) succeeded: u64,
    /// By code.
    pub(super) failed: BTreeMap<String, u64>,
    /// How many took so many seconds at most, by the text of the bound.
    buckets: Vec<(f64, u64)>,
}

impl Calls {
    pub(super) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// A time that this part of the calls stayed below, seconds: the bound of a bucket. `None` without calls, or when they took
    /// longer than any bound.
    pub(super) fn below(&self, part: f64) -> Option<f64> {
        let all = self.buckets.last().map(|(_, count)| *count).filter(|count| 0 < *count)?;
        #[expect(clippy::cast_precision_loss, reason = "a count above 2^52 is not reached")]
        let reaches = |count: u64| part * all as f64 <= count as f64;
        let (bound, _) = self.buckets.iter().find(|(_, count)| reaches(*count))?;
        bound.is_finite().then_some(*bound)
    }
}

const SUCCEEDED: &str = "calls_succeeded_total";
const FAILED: &str = "calls_failed_total";
/// The metrics of commands that are read; the last one has a bound and how many calls stayed below it.
const NAMES: [&str; 3] = [SUCCEEDED, FAILED, "call_seconds_bucket"];

/// The calls of the metrics whose names begin with `prefix`, by command.
pub(super) fn calls(text: &str, prefix: &str) -> BTreeMap<String, Calls> {
    let mut all: BTreeMap<String, Calls> = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix(prefix)) {
        let Some((name, (labels, value))) =
            line.split_once('{').and_then(|(name, rest)| Some((name, rest.split_once("} ")?)))
        else {
            continue;
        };
        let label = |wanted: &str| {
            let mut pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.trim_matches('"').to_owned())
        };
        let (Some(command), Ok(number)) = (label("command"), value.trim().parse::<u64>()) else { continue };
        if !NAMES.contains(&name) {
            continue;
        }
        let calls = all.entry(command).or_default();
        match name {
            SUCCEEDED => calls.succeeded = number,
            FAILED => drop(calls.failed.insert(label("code").unwrap_or_default(), number)),
            _ => {
                let bound = label("le")
                    .and_then(|bound| if bound == "+Inf" { Some(f64::INFINITY) } else { bound.parse().ok() });
                calls.buckets.extend(bound.map(|bound| (bound, number)));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::metrics::Metrics;
    use std::time::Duration;

    #[test]
    fn figures_are_those_of_the_calls() {
        let metrics = Metrics::new(["a/b", "a/c"].into_iter(), ["d"].into_iter());
        for millis in [1, 1, 1, 1, 1, 1, 1, 1, 1, 300] {
            metrics.calls.called(Some(0), None, Duration::from_millis(millis));
        }
        metrics.calls.called(Some(1), Some(Code::GroupNotFound), Duration::from_secs(100));
        metrics.client_calls.called(Some(0), None, Duration::from_millis(1));
        let found = calls(&metrics.text(), "landfall_");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a/b", "a/c"]);
        let first = &found["a/b"];
        assert_eq!((first.succeeded, first.failures()), (10, 0));
        let (half, most) = (first.below(0.5).unwrap(), first.below(0.99).unwrap());
        assert!((0.001..0.002).contains(&half) && (0.3..0.6).contains(&most), "{half} {most}");
        assert_eq!(found["a/c"].failed, BTreeMap::from([("10010".to_owned(), 1)]));
        assert_eq!(found["a/c"].below(0.5), None, "longer than any bound");
        assert_eq!(calls(&metrics.text(), "landfall_client_").keys().collect::<Vec<_>>(), ["d"]);
        assert!(calls("", "landfall_").is_empty());
    }
}

//! Numbers of a history that have no message.

/// Numbers without a message, as runs in rising order.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    first: u32,
    last: u32,
    /// Numbers of all earlier runs.
    before: u32,
}

impl Run {
    fn count(&self) -> u32 {
        (self.last - self.first).saturating_add(1)
    }
}

impl Gaps {
    /// Adds the numbers from `first` to `last`, which follow all those added before.
    pub fn add(&mut self, first: u32, last: u32) {
        if last < first {
            return;
        }
        let before = self.count();
        match self.runs.last_mut() {
            Some(run) if run.last.checked_add(1) == Some(first) => run.last = last,
            Some(_) | None => self.runs.push(Run { first, last, before }),
        }
    }

    /// How many numbers have no message.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.before.saturating_add(run.count()))
    }

    /// Messages that a member has not read who has read up to the number `read`, of a history that ends with `last`.
    #[must_use]
    pub fn unread(&self, read: u32, last: u32) -> u32 {
        last.saturating_sub(read).saturating_sub(self.count() - self.count_up_to(read))
    }

    fn count_up_to(&self, seq: u32) -> u32 {
        let runs = self.runs.partition_point(|run| run.first <= seq);
        match runs.checked_sub(1).and_then(|run| self.runs.get(run)) {
            Some(run) => run.before + (seq.min(run.last) - run.first).saturating_add(1),
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unread_messages_are_those_behind_the_mark_that_are_there(
            there in proptest::collection::vec(any::<bool>(), 0..40), read in 0_u32..50,
        ) {
            let mut gaps = Gaps::default();
            let numbered: Vec<_> = (1..).zip(&there).collect();
            for (seq, _) in numbered.iter().filter(|(_, there)| !**there) {
                gaps.add(*seq, *seq);
            }
            let last = u32::try_from(there.len()).unwrap();
            let unread = numbered.iter().filter(|(seq, there)| **there && read < *seq).count();
            prop_assert_eq!(gaps.unread(read, last), u32::try_from(unread).unwrap());
            prop_assert_eq!(gaps.count(), u32::try_from(there.iter().filter(|there| !**there).count()).unwrap());
        }
    }

    #[test]
    fn runs_that_touch_are_one() {
        let mut gaps = Gaps::default();
        gaps.add(1, 1_000_000);
        gaps.add(1_000_001, 1_000_002);
        gaps.add(9, 8);
        assert_eq!(gaps.runs.len(), 1);
        assert_eq!(gaps.unread(0, 1_000_010), 8);
    }
}

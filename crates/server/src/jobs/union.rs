//! Groups that earlier jobs brought in and that the file has with other contents: each becomes the union of both, at one
//! moment. Nothing that is there is lost, and what differs follows `OnChange`.

use super::record::{Kinds, OnChange};
use super::runner::{Broken, Running, of_group};
use crate::clients::PendingImport;
use landfall_domain::ids::GroupId;
use landfall_domain::unite::{Figures, OnDifference, UnionOutcome};
use landfall_domain::whole_group::WholeGroup;
use std::sync::Arc;

impl Running<'_, '_> {
    pub(super) fn unite(&mut self, groups: Vec<WholeGroup>) -> Result<(), Broken> {
        if groups.is_empty() {
            return Ok(());
        }
        let hub = Arc::clone(&self.run.hub);
        let mut rechecks: Vec<(GroupId, PendingImport)> = Vec::with_capacity(groups.len());
        for whole in &groups {
            let members = whole.members.iter().map(|member| &member.account);
            rechecks.push((whole.id(), hub.before_import(whole.new.owner.iter().chain(members))));
        }
        let on = match self.run.on_change {
            OnChange::Update => OnDifference::TakeOver,
            OnChange::Skip | OnChange::Fail => OnDifference::Keep,
        };
        let united = self.run.bulk.unite_groups(self.run.context, groups, on);
        let outcomes = self.run.runtime.block_on(united)?;
        for (outcome, (id, recheck)) in outcomes.into_iter().zip(rechecks) {
            let (result, figures) = match outcome {
                UnionOutcome::United(figures) => {
                    hub.after_import(&id, recheck);
                    self.counts.groups += 1;
                    self.counts.rewritten += 1;
                    (Some("rewritten"), figures)
                }
                UnionOutcome::Unchanged(figures) if figures.differing() == 0 => {
                    self.counts.equal += 1;
                    (Some("equal"), figures)
                }
                UnionOutcome::Unchanged(figures) => {
                    self.counts.kept += 1;
                    (None, figures)
                }
                UnionOutcome::Kept(why) => {
                    self.counts.kept += 1;
                    self.receipts.add(&of_group(&id, "kept", why.to_string()))?;
                    continue;
                }
            };
            self.count_union(&figures);
            if let Some(result) = result {
                self.receipts.add(&of_group(&id, result, String::new()))?;
            }
            if figures.differing() != 0 {
                self.receipts.add(&of_group(&id, "differs", differing(&figures)))?;
            }
        }
        Ok(())
    }

    fn count_union(&mut self, figures: &Figures) {
        let Figures { group: _, topics, members, messages, reads } = *figures;
        let counts = &mut self.counts;
        counts.topics += topics.added;
        counts.members += members.added;
        counts.messages += messages.added;
        counts.reads += reads.added;
        // Whoever made the job to fail at changes goes through such a group, and counts.
        if self.run.on_change == OnChange::Fail && figures.differing() != 0 {
            return;
        }
        let kinds = [topics, members, messages, reads];
        counts.unchanged += Kinds::of(kinds.map(|figure| figure.unchanged));
        counts.updated += Kinds::of(kinds.map(|figure| figure.updated));
        counts.differing += Kinds::of(kinds.map(|figure| figure.differing));
    }
}

/// What differs, such as `the profile and 2 messages differ`.
fn differing(figures: &Figures) -> String {
    let Figures { group, topics, members, messages, reads } = figures;
    let kinds = [("topic", topics), ("member", members), ("message", messages), ("read mark", reads)];
    let kinds = kinds.into_iter().filter(|(_, figure)| figure.differing != 0);
    let kinds = kinds.map(|(name, figure)| match figure.differing {
        1 => format!("1 {name}"),
        more => format!("{more} {name}s"),
    });
    let profile = (group.differing != 0).then(|| "the profile or owner".to_owned());
    let parts: Vec<String> = profile.into_iter().chain(kinds).collect();
    format!("differing, and left as they are: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::unite::Figure;

    #[test]
    fn what_differs_is_counted_by_kind() {
        let some = |differing| Figure { differing, ..Figure::default() };
        let figures = Figures { group: some(1), members: some(1), messages: some(2), ..Figures::default() };
        let text = "differing, and left as they are: the profile or owner, 1 member, 2 messages";
        assert_eq!(differing(&figures), text);
    }
}

//! What a job brings in about people: fields of profiles, friends, blocklists, and messages between two accounts; and how that is taken
//! back.

use super::folder::Receipts;
use super::record::{Counts, OnChange, Receipt};
use super::runner::{Broken, Run, Running};
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::UserId;
use landfall_domain::origin::JobId;
use landfall_domain::people::Subject;
use landfall_domain::people::brought::{Brought, Coming, Tally};
use landfall_domain::people::fact::{FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::{PeopleImport, import_people};
use landfall_domain::people::operations::bring_blocks::{BlockToBring, BringBlocks};
use landfall_domain::people::operations::bring_direct::{BringDirect, PairToBring};
use landfall_domain::people::operations::bring_friends::{BringFriends, FriendToBring};
use landfall_domain::people::operations::bring_profiles::BringProfiles;
use landfall_domain::people::operations::take_back::{TakeBack, TakenBack};
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use std::convert::Infallible;
use tokio::runtime::Handle;

/// Notes that are read at once.
const NOTES: usize = 64;

fn of_people(record: &'static str, name: String, result: &'static str, info: String) -> Receipt {
    Receipt { line: 0, record, name, result, code: String::new(), result_info: info }
}

impl Run<'_> {
    fn import_people<I: PeopleImport<Refusal = Infallible>>(
        &self,
        import: I,
    ) -> Result<I::Answer, StoreError> {
        match self.runtime.block_on(import_people(self.store, self.context, import)) {
            Ok(answer) => Ok(answer),
            Err(OperationError::Store(error)) => Err(error),
            Err(OperationError::Refused(never)) => match never {},
        }
    }

    fn updates(&self) -> bool {
        self.on_change == OnChange::Update
    }
}

impl Running<'_, '_> {
    /// Returns what became of each profile, in order.
    pub(super) fn profiles(
        &mut self,
        profiles: Vec<(UserId, Vec<PortraitItem>)>,
    ) -> Result<Vec<(UserId, Coming)>, Broken> {
        if profiles.is_empty() {
            return Ok(Vec::new());
        }
        let accounts: Vec<_> = profiles.iter().map(|(account, _)| account.clone()).collect();
        let import = BringProfiles { job: self.run.job, update: self.run.updates(), profiles };
        let comings = self.run.import_people(import)?;
        for (account, coming) in accounts.iter().zip(&comings) {
            if *coming == Coming::Differs {
                let info = "differing, and left as they are: fields of the profile".to_owned();
                self.receipts.add(&of_people("account", account.to_string(), "differs", info))?;
            }
        }
        Ok(accounts.into_iter().zip(comings).collect())
    }

    pub(super) fn friends(&mut self, friends: Vec<(UserId, Vec<FriendToBring>)>) -> Result<(), Broken> {
        let import = BringFriends {
            job: self.run.job,
            update: self.run.updates(),
            friends: friends.clone(),
            limits: self.run.limits.limits.friends,
        };
        let comings = self.run.import_people(import)?;
        for ((account, friends), comings) in friends.iter().zip(comings) {
            let mut tally = Tally::default();
            for (friend, coming) in friends.iter().zip(comings) {
                tally.count(coming);
                if let Coming::Refused(why) = coming {
                    self.counts.refused += 1;
                    let name = format!("{} of {account}", friend.id);
                    self.receipts.add(&of_people("friend", name, "refused", why.to_owned()))?;
                }
            }
            self.counts.friends += tally.added;
            if self.leaves(tally) {
                continue;
            }
            self.counts.unchanged.friends += tally.unchanged;
            self.counts.updated.friends += tally.updated;
            self.counts.differing.friends += tally.differing;
            self.differs("friend", format!("{account}\t"), tally)?;
        }
        (self.run.on_progress)(self.counts, true)
    }

    pub(super) fn blocks(&mut self, blocks: Vec<(UserId, Vec<BlockToBring>)>) -> Result<(), Broken> {
        let import = BringBlocks {
            job: self.run.job,
            update: self.run.updates(),
            blocks: blocks.clone(),
            limits: self.run.limits.limits.friends,
        };
        let comings = self.run.import_people(import)?;
        for ((account, blocks), comings) in blocks.iter().zip(comings) {
            let mut tally = Tally::default();
            for (block, coming) in blocks.iter().zip(comings) {
                tally.count(coming);
                if let Coming::Refused(why) = coming {
                    self.counts.refused += 1;
                    let name = format!("{} by {account}", block.id);
                    self.receipts.add(&of_people("block", name, "refused", why.to_owned()))?;
                }
            }
            self.counts.blocks += tally.added;
            if self.leaves(tally) {
                self.differs("block", format!("{account}\t"), tally)?;
                continue;
            }
            self.counts.unchanged.blocks += tally.unchanged;
            self.counts.updated.blocks += tally.updated;
            self.counts.differing.blocks += tally.differing;
            self.differs("block", format!("{account}\t"), tally)?;
        }
        (self.run.on_progress)(self.counts, true)
    }

    pub(super) fn direct(&mut self, pairs: Vec<PairToBring>) -> Result<(), Broken> {
        let names: Vec<_> = pairs.iter().map(|of| of.pair.to_string()).collect();
        let import = BringDirect { job: self.run.job, update: self.run.updates(), pairs };
        for (name, brought) in names.into_iter().zip(self.run.import_people(import)?) {
            if let Some(why) = brought.refused {
                self.counts.refused += 1;
                self.receipts.add(&of_people("message", name.clone(), "refused", why.to_owned()))?;
            }
            let (messages, marks) = (brought.messages, brought.marks);
            self.counts.messages += messages.added;
            self.counts.reads += marks.added;
            if self.leaves(messages) {
                self.differs("message", name, messages)?;
                continue;
            }
            self.counts.unchanged.messages += messages.unchanged;
            self.counts.unchanged.reads += marks.unchanged;
            self.counts.updated.messages += messages.updated;
            self.counts.differing.messages += messages.differing;
            self.differs("message", name, messages)?;
        }
        (self.run.on_progress)(self.counts, true)
    }

    /// Whether whoever made the job goes through these records by itself, and counts them.
    fn leaves(&self, tally: Tally) -> bool {
        self.run.on_change == OnChange::Fail && tally.differing != 0
    }

    fn differs(&mut self, record: &'static str, name: String, tally: Tally) -> Result<(), Broken> {
        if tally.differing != 0 {
            let info = format!("differing, and left as they are: {} of kind {record}", tally.differing);
            self.receipts.add(&of_people(record, name, "differs", info))?;
        }
        Ok(())
    }
}

/// What takes back what a job brought in about people.
pub(super) struct Undoing<'a> {
    pub(super) receipts: Receipts,
    pub(super) counts: Counts,
    pub(super) check: &'a dyn Fn() -> Result<(), Broken>,
    pub(super) runtime: &'a Handle,
}

impl Undoing<'_> {
    pub(super) fn undo(
        &mut self,
        store: &dyn Store,
        context: Context,
        job: JobId,
        force: bool,
    ) -> Result<(), Broken> {
        let mut after = None;
        loop {
            (self.check)()?;
            let (subject, family) = (Subject::App, FactFamily::Brought(job));
            let range = FactRange { subject, family, after: after.clone(), limit: NOTES };
            let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
            let found = self.runtime.block_on(store.people(context.app, needs))?;
            let Some((_, last)) = found.facts.keys().next_back().cloned() else { return Ok(()) };
            for (_, key) in found.facts.into_keys() {
                if let FactKey::Brought(_, about) = key {
                    self.take_back(store, context, &TakeBack { job, about, force })?;
                }
            }
            self.receipts.flush()?;
            after = Some(last);
        }
    }

    fn take_back(&mut self, store: &dyn Store, context: Context, what: &TakeBack) -> Result<(), Broken> {
        let taken = loop {
            match self.runtime.block_on(import_people(store, context, what.clone())) {
                Ok(TakenBack::More) => (self.check)()?,
                Ok(taken) => break taken,
                Err(OperationError::Store(error)) => return Err(error.into()),
                Err(OperationError::Refused(never)) => match never {},
            }
        };
        let (record, name) = match &what.about {
            Brought::Profile(account) => ("account", account.to_string()),
            Brought::Friends(account) => ("friend", format!("{account}\t")),
            Brought::Blocks(account) => ("block", format!("{account}\t")),
            Brought::Direct(pair) => ("message", pair.to_string()),
        };
        let result = match taken {
            TakenBack::Removed => {
                self.counts.removed_people += 1;
                "removed"
            }
            TakenBack::Touched => "touched",
            TakenBack::More | TakenBack::Nothing => return Ok(()),
        };
        Ok(self.receipts.add(&of_people(record, name, result, String::new()))?)
    }
}

//! Where a group came from: the job that brought it in, what it was called there, and whether it was touched since.

use crate::group::Group;
use crate::limits::Span;
use crate::time::Timestamp;
use crate::topic::Topic;

/// Number of a job that brings groups in, unique within its app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Longest `src` and `key` of an origin together, bytes.
pub const ORIGIN_NAME_BYTES_MAX: usize = 2_048;
/// Longest digest, bytes.
pub const DIGEST_BYTES_MAX: usize = 64;
/// Largest [`Origin::carried`], bytes.
pub const CARRIED_BYTES_MAX: usize = 1 << 20;
/// Jobs that a group remembers to have added to it.
pub const ADDED_MAX: usize = 1_000;

/// Where a group came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The job that brought it in.
    pub job: JobId,
    /// The system it comes from.
    pub src: String,
    /// Its name there.
    pub key: String,
    /// A sum over everything that was brought in, which the caller makes and compares.
    pub digest: String,
    /// What the source had and no row of the group holds, in a form that only the caller reads.
    pub carried: Vec<u8>,
}

impl Origin {
    /// Whether every text has its bounds.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.src.len() + self.key.len() <= ORIGIN_NAME_BYTES_MAX
            && Span::up_to(DIGEST_BYTES_MAX).contains(self.digest.len())
            && Span::up_to(CARRIED_BYTES_MAX).contains(self.carried.len())
    }
}

/// An origin as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Provenance {
    pub origin: Origin,
    /// When the group was brought in.
    pub brought: Timestamp,
    /// The group as it was then, or when a job last added to it.
    pub seal: Seal,
    /// The jobs that added to it since, the last one last. Those that were undone are not among them.
    pub added: Vec<JobId>,
}

/// What undoing a job means for a group that it brought something into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The group goes.
    Remove,
    /// It was touched since, and stays.
    KeepTouched,
    /// Other jobs have added to it since, and it stays.
    KeepAddedTo,
    /// Another job made it, and it stays with what this one added. From now on it does not count as of this job.
    Forget,
    /// The job has nothing to do with it.
    NotOfJob,
}

impl Provenance {
    /// The job that made the group, and those that added to it.
    pub fn jobs(&self) -> impl Iterator<Item = JobId> {
        std::iter::once(self.origin.job).chain(self.added.iter().copied())
    }

    /// What undoing `job` means; `touched` says whether the group was touched since, `force` whether that matters.
    #[must_use]
    pub fn undo(&self, job: JobId, touched: bool, force: bool) -> Undo {
        if self.origin.job != job {
            return if self.added.contains(&job) { Undo::Forget } else { Undo::NotOfJob };
        }
        match (touched, self.added.is_empty()) {
            (true, _) if !force => Undo::KeepTouched,
            (_, false) if !force => Undo::KeepAddedTo,
            (_, _) => Undo::Remove,
        }
    }

    /// The same without a job that added.
    #[must_use]
    pub fn without(&self, job: JobId) -> Self {
        let mut without = self.clone();
        without.added.retain(|added| *added != job);
        without
    }
}

/// A number that stays the same until a group is touched: somebody writes into it or its topics, joins or leaves, clears
/// the history, or changes its profile or a topic. Reading, and messages that go because of their age, do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seal(pub u64);

impl Seal {
    /// The seal of a group with these topics, in any order.
    pub fn of<'topic>(group: &Group, topics: impl IntoIterator<Item = &'topic Topic>) -> Self {
        let mut own = Fnv::new();
        own.number(group.log.next_seq.into());
        own.number(group.log.cleared.into());
        own.number(group.info_seq.into());
        own.number(group.member_count.into());
        own.number(group.mute_all.into());
        own.text(group.owner.as_ref().map_or("", |owner| owner.as_str()));
        // A sum, so that the order of the topics does not count.
        let topics = topics.into_iter().map(of_topic).fold(0, u64::wrapping_add);
        own.number(topics);
        Self(own.0)
    }
}

fn of_topic(topic: &Topic) -> u64 {
    let mut sum = Fnv::new();
    sum.number(topic.log.next_seq.into());
    sum.number(topic.log.cleared.into());
    sum.number(topic.mute_all.into());
    let texts = [&topic.name, &topic.introduction, &topic.notification, &topic.face_url, &topic.custom];
    sum.text(topic.id.as_str());
    texts.into_iter().for_each(|text| sum.text(text.as_str()));
    sum.0
}

/// FNV-1a; part of the stored format.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn get(&self) -> u64 {
        self.0
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.number(text.len() as u64);
    }
}

//! What happened in an app on one day, as numbers.
//!
//! Servers count by themselves, and add what they have counted every few seconds. So everything here can be added in any
//! order: sums, numbers of different names, and the most that were there at once.
//!
//! [choice] A day begins at midnight in UTC+8, as the hours of `get_history` are of that zone.

use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Seconds between UTC and the zone of days and hours.
pub const ZONE_SECONDS: u64 = 8 * 60 * 60;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// A day, counted from 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        Self(u32::try_from((now.0 + ZONE_SECONDS) / SECONDS_PER_DAY).unwrap_or(u32::MAX))
    }

    /// Its first second.
    #[must_use]
    pub fn begin(self) -> Timestamp {
        Timestamp((u64::from(self.0) * SECONDS_PER_DAY).saturating_sub(ZONE_SECONDS))
    }
}

/// Something that is summed up over a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sum {
    /// Connections of clients that began.
    Logins,
    /// Messages that were sent to accounts, one for each receiver.
    DirectUp,
    /// Messages to accounts that were handed to connected devices.
    DirectDown,
    /// Messages that were sent to groups.
    GroupUp,
    /// Messages to groups that were handed to connected devices.
    GroupDown,
    /// Accounts that became friends of an account.
    FriendsMade,
    /// Accounts that ceased to be friends of an account.
    FriendsEnded,
    /// Accounts that joined a group.
    Joins,
    /// Accounts that left a group.
    Quits,
    /// Groups that were made.
    NewGroups,
    /// Groups that were dissolved.
    EndedGroups,
    /// Requests that were sent to the app's webhook.
    WebhooksSent,
    /// Those that were answered.
    WebhooksAnswered,
}

impl Sum {
    /// How many there are. Their order is part of the stored format: new ones come last.
    pub const COUNT: usize = Self::WebhooksAnswered as usize + 1;
}

/// Names of which the different ones are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Accounts that connected or sent something.
    Active,
    /// Accounts that connected.
    LoggedIn,
    /// Accounts that sent something.
    Senders,
    /// Accounts that sent something to accounts.
    DirectSenders,
    /// Accounts that sent something to groups.
    GroupSenders,
    /// Groups to which something was sent.
    Groups,
}

impl Who {
    /// How many there are. Their order is part of the stored format: new ones come last.
    pub const COUNT: usize = Self::Groups as usize + 1;
}

/// The number of different names, exact up to [`Distinct::EXACT`], then within some percent: the smallest of their hashes are
/// kept, and how small those are says how many there must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct(BTreeSet<u64>);

impl Distinct {
    /// Hashes that are kept.
    pub const EXACT: usize = 1_024;

    /// From what [`hashes`](Self::hashes) gave.
    pub fn from_hashes(hashes: impl IntoIterator<Item = u64>) -> Self {
        let mut all = Self::default();
        hashes.into_iter().for_each(|hash| all.keep(hash));
        all
    }

    /// What is kept, in ascending order.
    pub fn hashes(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        self.keep(name_hash(name));
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Self) {
        other.hashes().for_each(|hash| self.keep(hash));
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        let kept = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        let Some(largest) = self.0.last().filter(|_| Self::EXACT <= self.0.len()) else { return kept };
        // The hashes are spread evenly, so the kept ones fill the part below the largest of them.
        let estimated = u128::from(kept - 1) * u128::from(u64::MAX) / u128::from((*largest).max(1));
        u64::try_from(estimated).unwrap_or(u64::MAX).max(kept)
    }

    fn keep(&mut self, hash: u64) {
        let is_full = Self::EXACT <= self.0.len();
        if is_full && self.0.last().is_some_and(|largest| *largest <= hash) {
            return;
        }
        if self.0.insert(hash) && is_full {
            self.0.pop_last();
        }
    }
}

/// The hash of a name: FNV-1a, and then every bit mixed with all others. Part of the stored format.
#[must_use]
pub fn name_hash(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// What happened on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCounts {
    sums: [u64; Sum::COUNT],
    distinct: [Distinct; Who::COUNT],
    /// How many accounts are connected, by server.
    pub online: Vec<Online>,
    /// The most accounts that were connected at once, to all servers together as far as they said so at the same time.
    pub online_max: u64,
    /// How much there is in all; `None` when it was not looked at.
    pub totals: Option<Totals>,
}

/// How many accounts are connected to one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Online {
    /// A number that the server has drawn.
    pub server: u64,
    /// The accounts.
    pub accounts: u64,
    /// When the server said so.
    pub at: Timestamp,
}

/// How much there is in all, at the end of the day or so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Accounts that were imported.
    pub accounts: u64,
    /// Those of them that were new on the day.
    pub new_accounts: u64,
    /// Groups.
    pub groups: u64,
}

impl Default for DayCounts {
    fn default() -> Self {
        Self {
            sums: [0; Sum::COUNT],
            distinct: std::array::from_fn(|_| Distinct::default()),
            online: Vec::new(),
            online_max: 0,
            totals: None,
        }
    }
}

impl DayCounts {
    /// A server that said nothing for so many seconds no longer counts as having clients.
    pub const ONLINE_SECONDS: u64 = 60;
    /// Servers whose clients are added up.
    const SERVERS_MAX: usize = 256;

    /// Adds to a sum.
    pub fn add(&mut self, sum: Sum, number: u64) {
        let place = &mut self.sums[sum as usize];
        *place = place.saturating_add(number);
    }

    /// Adds a name.
    pub fn note(&mut self, who: Who, name: &str) {
        self.note_hash(who, name_hash(name));
    }

    /// Adds a name by its [hash](name_hash).
    pub fn note_hash(&mut self, who: Who, hash: u64) {
        self.distinct[who as usize].keep(hash);
    }

    /// A sum.
    #[must_use]
    pub fn sum(&self, sum: Sum) -> u64 {
        self.sums[sum as usize]
    }

    /// The number of different names.
    #[must_use]
    pub fn different(&self, who: Who) -> u64 {
        self.distinct[who as usize].count()
    }

    /// The sums in their order, as they are stored.
    #[must_use]
    pub fn sums(&self) -> &[u64] {
        &self.sums
    }

    /// The names in their order, as they are stored.
    #[must_use]
    pub fn distinct(&self) -> &[Distinct] {
        &self.distinct
    }

    /// From what is stored; what is missing is empty.
    pub fn stored(sums: &[u64], distinct: impl IntoIterator<Item = Distinct>) -> Self {
        let mut counts = Self::default();
        counts.sums.iter_mut().zip(sums).for_each(|(place, sum)| *place = *sum);
        counts.distinct.iter_mut().zip(distinct).for_each(|(place, names)| *place = names);
        counts
    }

    /// Adds what a server has counted.
    pub fn merge(&mut self, other: &Self, now: Timestamp) {
        self.sums.iter_mut().zip(other.sums).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        self.distinct.iter_mut().zip(&other.distinct).for_each(|(names, more)| names.merge(more));
        let is_said_again = |of: &Online| other.online.iter().any(|online| online.server == of.server);
        let is_recent = |of: &Online| now.0 < of.at.0.saturating_add(Self::ONLINE_SECONDS);
        self.online.retain(|online| is_recent(online) && !is_said_again(online));
        self.online.extend(other.online.iter().filter(|online| 0 < online.accounts));
        self.online.truncate(Self::SERVERS_MAX);
        let online = self.online.iter().map(|online| online.accounts).fold(0, u64::saturating_add);
        self.online_max = self.online_max.max(other.online_max).max(online);
        self.totals = other.totals.or(self.totals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_its_zone() {
        // 2015-12-01 00:00:00 in UTC+8.
        let begin = 1_448_899_200;
        let day = Day::of(Timestamp(begin));
        assert_eq!(day.begin(), Timestamp(begin));
        assert_eq!(Day::of(Timestamp(begin - 1)).0 + 1, day.0);
        assert_eq!(Day::of(Timestamp(begin + 86_399)), day);
        assert_eq!(Day(0).begin(), Timestamp(0));
    }

    #[test]
    fn few_different_names_are_counted_exactly_and_many_nearly_so() {
        for (count, tolerance) in
            [(0, 0), (1, 0), (1_000, 0), (1_024, 60), (20_000, 2_000), (200_000, 20_000)]
        {
            let mut names = Distinct::default();
            for number in 0..count {
                names.add(&format!("account-{number}"));
                names.add(&format!("account-{}", number / 2));
            }
            let found = names.count();
            assert!(found.abs_diff(count) <= tolerance, "{count}: {found}");
            assert!(names.0.len() <= Distinct::EXACT);
        }
    }

    #[test]
    fn servers_add_up_in_any_order() {
        let of = |from: u32, to: u32| {
            let mut counts = DayCounts::default();
            for number in from..to {
                counts.note(Who::Senders, &number.to_string());
                counts.add(Sum::DirectUp, 1);
            }
            counts
        };
        let (one, other, both) = (of(0, 3_000), of(2_000, 5_000), of(0, 5_000));
        let merged = |first: &DayCounts, then: &DayCounts| {
            let mut all = first.clone();
            all.merge(then, Timestamp(1));
            all
        };
        assert_eq!(merged(&one, &other), merged(&other, &one));
        let all = merged(&one, &other);
        assert_eq!(all.different(Who::Senders), both.different(Who::Senders));
        assert_eq!((all.sum(Sum::DirectUp), all.different(Who::Groups)), (6_000, 0));
        let stored = DayCounts::stored(all.sums(), all.distinct().to_vec());
        assert_eq!(stored, all);
    }

    #[test]
    fn the_most_that_were_connected_at_once_are_those_of_all_servers_together() {
        let said = |server, accounts, at| DayCounts {
            online: vec![Online { server, accounts, at: Timestamp(at) }],
            ..DayCounts::default()
        };
        let mut day = DayCounts::default();
        let mut max = |server, accounts, at| {
            day.merge(&said(server, accounts, at), Timestamp(at));
            day.online_max
        };
        assert_eq!(max(1, 5, 100), 5);
        assert_eq!(max(2, 4, 110), 9);
        assert_eq!(max(1, 2, 120), 9, "a server that says it again replaces what it said");
        assert_eq!(max(2, 8, 130), 10);
        assert_eq!(max(2, 0, 140), 10);
        assert_eq!(max(3, 9, 150), 11);
        // Server 1 has said nothing for a minute: it is gone.
        assert_eq!(max(3, 10, 180), 11);
        assert_eq!(max(4, 1, 181), 11);
    }
}

//! How often an account may call: all of its devices at this server together. Each server counts by itself, for the accounts
//! that called recently.
//!
//! [choice] An account may send 2,000 commands at once, and 100 a second after that, at each server.
//! [choice] What the documentation allows a client so many times in so many seconds may come at once that many times, and then
//! at that rate; more is 60007. Deleting and clearing attributes counts like reading them.
//! [choice] Entering and leaving live-stream groups, and asking for their online count, have the frequency of such calls.

use crate::allowance::Allowance;
use crate::code::Code;
use crate::lock::lock;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::time::{Duration, Instant};

/// Commands of an account: a burst, then a rate per second.
const COMMANDS: (f64, f64) = (2_000.0, 100.0);

/// Allowances are whole again after this time without a command: an account that rests so long need not be remembered.
const REST: Duration = Duration::from_secs(20);

/// Accounts that are remembered before those that rest are looked for.
const SWEEP_AT_LEAST: usize = 1_024;

/// Commands that an account may call so many times, together, in so many seconds.
struct Frequency {
    commands: &'static [&'static str],
    calls: u32,
    seconds: u32,
}

const FREQUENCIES: &[Frequency] = &[
    // [doc]
    Frequency {
        commands: &["group_open_http_svc/set_group_attr", "group_open_http_svc/modify_group_attr"],
        calls: 10,
        seconds: 5,
    },
    // [doc]
    Frequency {
        commands: &[
            "group_open_attr_http_svc/get_group_attr",
            "group_open_http_svc/delete_group_attr",
            "group_open_http_svc/clear_group_attr",
        ],
        calls: 20,
        seconds: 5,
    },
    // [doc]
    Frequency {
        commands: &["group_open_http_svc/update_group_counter", "group_open_http_svc/delete_group_counter"],
        calls: 20,
        seconds: 5,
    },
    // [doc]
    Frequency { commands: &["group_open_http_svc/get_group_counter"], calls: 20, seconds: 5 },
    // [doc]
    Frequency { commands: &["openim/query_online_status"], calls: 20, seconds: 5 },
    Frequency { commands: &["group_open_http_svc/get_online_member_num"], calls: 20, seconds: 5 },
    Frequency { commands: &["enter", "leave"], calls: 20, seconds: 5 },
];

impl Frequency {
    fn allowance(&self, now: Instant) -> Allowance {
        Allowance::new(self.calls.into(), f64::from(self.calls) / f64::from(self.seconds), now)
    }
}

/// What is left to the accounts of one app.
#[derive(Default)]
pub(super) struct AccountRates(Mutex<Accounts>);

#[derive(Default)]
struct Accounts {
    all: BTreeMap<UserId, Used>,
    /// How many of them are remembered when those that rest are looked for next.
    sweep_at: usize,
}

/// What is left to one account.
struct Used {
    commands: Allowance,
    /// By their place in [`FREQUENCIES`].
    frequencies: BTreeMap<usize, Allowance>,
    last: Instant,
}

impl AccountRates {
    /// Counts a command of an account, by its path, or by its name where it is no command of REST.
    ///
    /// # Errors
    /// That exceeds a limit, which the text names.
    pub(super) fn admit(&self, account: &UserId, command: &str, now: Instant) -> Result<(), Failure> {
        let mut accounts = lock(&self.0);
        if !accounts.all.contains_key(account) {
            accounts.make_room(now);
        }
        let used = match accounts.all.get_mut(account) {
            Some(used) => used,
            None => accounts.all.entry(account.clone()).or_insert_with(|| Used::new(now)),
        };
        used.take(command, now)
    }
}

impl Accounts {
    /// Forgets accounts that rest, when there may be many: so at most twice as many are remembered as have called within
    /// [`REST`].
    fn make_room(&mut self, now: Instant) {
        if self.sweep_at.max(SWEEP_AT_LEAST) <= self.all.len() {
            self.all.retain(|_, used| now < used.last + REST);
            self.sweep_at = 2 * self.all.len();
        }
    }
}

impl Used {
    fn new(now: Instant) -> Self {
        let (at_once, per_second) = COMMANDS;
        let commands = Allowance::new(at_once, per_second, now);
        Self { commands, frequencies: BTreeMap::new(), last: now }
    }

    fn take(&mut self, command: &str, now: Instant) -> Result<(), Failure> {
        self.last = now;
        if !self.commands.take(now) {
            let text = "too many requests of the account's devices; try again in a second";
            return Err(Code::TooFrequent.because(text));
        }
        let of = |frequency: &Frequency| frequency.commands.contains(&command);
        let Some(index) = FREQUENCIES.iter().position(of) else { return Ok(()) };
        let Some(frequency) = FREQUENCIES.get(index) else { return Ok(()) };
        let left = self.frequencies.entry(index).or_insert_with(|| frequency.allowance(now));
        if left.take(now) {
            return Ok(());
        }
        let Frequency { calls, seconds, .. } = frequency;
        Err(Code::TooFrequent
            .because(format!("an account may call this {calls} times in {seconds} seconds; try again later")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::{PAGE, rows};
    use super::super::requests::command_names;
    use super::*;
    use std::collections::BTreeSet;

    fn account(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn admitted(rates: &AccountRates, name: &str, command: &str, now: Instant) -> usize {
        (0..5_000).filter(|_| rates.admit(&account(name), command, now).is_ok()).count()
    }

    #[test]
    fn an_account_has_its_own_allowance() {
        let (rates, start) = (AccountRates::default(), Instant::now());
        assert_eq!(admitted(&rates, "ann", "ping", start), 2_000);
        assert_eq!(admitted(&rates, "ann", "ping", start + Duration::from_secs(3)), 300);
        assert_eq!(admitted(&rates, "bob", "ping", start), 2_000);
    }

    #[test]
    fn commands_of_one_frequency_count_together_and_others_do_not() {
        let (rates, start) = (AccountRates::default(), Instant::now());
        assert_eq!(admitted(&rates, "ann", "enter", start), 20);
        let counter = "group_open_http_svc/get_group_counter";
        // The account has been refused for its commands of any kind by now.
        let later = start + Duration::from_secs(1);
        assert_eq!(admitted(&rates, "ann", counter, later), 20);
        let much_later = later + REST;
        assert_eq!(
            rates.admit(&account("ann"), "leave", much_later).map_err(|failure| failure.number()),
            Ok(())
        );
        assert_eq!(admitted(&rates, "ann", "enter", much_later), 19);
        let refused = rates.admit(&account("bob"), "leave", start);
        assert!(refused.is_ok(), "another account");
    }

    #[test]
    fn accounts_that_rest_are_forgotten_and_lose_nothing() {
        let (rates, start) = (AccountRates::default(), Instant::now());
        for number in 0..SWEEP_AT_LEAST {
            assert!(rates.admit(&account(&format!("early{number}")), "ping", start).is_ok());
        }
        let later = start + REST;
        assert!(rates.admit(&account("ann"), "ping", later).is_ok());
        assert_eq!(lock(&rates.0).all.len(), 1);
        let whole = COMMANDS.0 / COMMANDS.1;
        let slowest = FREQUENCIES.iter().map(|frequency| f64::from(frequency.seconds)).fold(whole, f64::max);
        assert!(slowest <= REST.as_secs_f64(), "an allowance is not whole when its account is forgotten");
    }

    #[test]
    fn accounts_that_call_are_remembered() {
        let (rates, start) = (AccountRates::default(), Instant::now());
        assert_eq!(admitted(&rates, "ann", "enter", start), 20);
        for number in 0..3 * SWEEP_AT_LEAST {
            assert!(rates.admit(&account(&format!("other{number}")), "ping", start).is_ok());
        }
        assert_eq!(admitted(&rates, "ann", "leave", start), 0);
    }

    #[test]
    fn every_frequency_is_of_commands_that_clients_have_and_each_once() {
        let known: BTreeSet<_> = command_names().collect();
        let all: Vec<_> = FREQUENCIES.iter().flat_map(|frequency| frequency.commands).collect();
        assert!(all.iter().all(|command| known.contains(*command)), "{all:?}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn the_page_has_the_rates() {
        let (at_once, per_second) = COMMANDS;
        assert_eq!((at_once, per_second), (2_000.0, 100.0));
        assert!(PAGE.contains("| 2,000 at once, then 100 a second; more are answered with 60007 |"));
        let listed: Vec<_> = rows("### Frequencies")
            .into_iter()
            .map(|(commands, rate)| (commands.to_owned(), rate.to_owned()))
            .collect();
        let name = |path: &&str| format!("`{}`", path.rsplit('/').next().unwrap_or_default());
        let row = |frequency: &Frequency| {
            let commands: Vec<_> = frequency.commands.iter().map(name).collect();
            (commands.join(", "), format!("{} in {} seconds", frequency.calls, frequency.seconds))
        };
        assert_eq!(listed, FREQUENCIES.iter().map(row).collect::<Vec<_>>());
    }
}

//! The speed of PostgreSQL itself: `pgbench` inserts the rows of the imports, in batches.
//!
//! It writes to the server's tables, under the same app and in turn with the server, so that both work on tables and
//! indexes of the same size, and a table that has grown slows both alike.

use super::database::Database;
use super::process::Process;
use super::target::APP;
use super::workload::OWNERS;
use anyhow::{Context as _, Result, bail};
use landfall_test_database::Programs;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// One transaction, as pgbench reads it.
const SCRIPT: &str = include_str!("pgbench.sql");

/// Groups in a transaction.
const BATCH_GROUPS: u64 = 256;

/// Numbers of clients it is measured with. Which one is fastest depends on the machine; the fastest counts.
pub(super) const CLIENTS: [u32; 3] = [1, 2, 4];

/// One number of clients inserting for a while.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PgbenchFigures {
    /// Connections, each with one transaction under way.
    pub(super) clients: u32,
    /// Groups inserted.
    pub(super) groups: u64,
    /// Groups inserted per second, without the time for connecting.
    pub(super) groups_per_second: f64,
    /// Mean time of one transaction.
    pub(super) batch_micros: f64,
    /// Processor time of all processes of PostgreSQL, deferred work included.
    pub(super) database_cpu_micros_per_group: f64,
}

/// The program and its script.
pub(super) struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    /// Groups inserted so far.
    pub(super) groups: u64,
}

impl Pgbench {
    /// Writes the script into `directory`.
    pub(super) fn prepare(directory: &Path) -> Result<Self> {
        let program = Programs::find()?.path("pgbench");
        if !program.is_file() {
            bail!("{} is missing; it is part of PostgreSQL's server", program.display());
        }
        let script = directory.join("pgbench.sql");
        fs::write(&script, SCRIPT).with_context(|| format!("cannot write {}", script.display()))?;
        Ok(Self { program, script, groups: 0 })
    }

    /// Inserts with `clients` clients for about `seconds`: pgbench takes whole seconds only, at least one.
    pub(super) fn run(
        &mut self,
        database: &mut Database,
        clients: u32,
        seconds: f64,
    ) -> Result<PgbenchFigures> {
        let arguments = self.arguments(clients, seconds, database.first_free_position()?, &database.url())?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let before = database.cpu_seconds()?;
        let printed = Process::start(&self.program, &arguments, None)?.wait_for_output();
        let (batches, batches_per_second) = read(&printed.context("pgbench failed")?)?;
        database.wait_until_idle()?;
        let cpu = database.cpu_seconds()? - before;
        let groups = batches * BATCH_GROUPS;
        self.groups += groups;
        database.pass_positions()?;
        Ok(PgbenchFigures {
            clients,
            groups,
            groups_per_second: batches_per_second * BATCH_GROUPS as f64,
            batch_micros: f64::from(clients) * 1e6 / batches_per_second,
            database_cpu_micros_per_group: cpu * 1e6 / groups as f64,
        })
    }

    /// `start` numbers the first group; the clients take batches of the numbers that follow in turn.
    fn arguments(&self, clients: u32, seconds: f64, start: i64, url: &str) -> Result<Vec<String>> {
        let script = self.script.to_str().context("the target directory's path is not UTF-8")?;
        let seconds = seconds.ceil().max(1.0);
        Ok(vec![
            "--no-vacuum".to_owned(),
            "--protocol=prepared".to_owned(),
            format!("--client={clients}"),
            format!("--jobs={clients}"),
            format!("--time={seconds}"),
            format!("--file={script}"),
            format!("--define=app={APP}"),
            format!("--define=owners={OWNERS}"),
            format!("--define=rows={BATCH_GROUPS}"),
            format!("--define=clients={clients}"),
            format!("--define=start={start}"),
            "--define=batch=0".to_owned(),
            url.to_owned(),
        ])
    }
}

/// How many transactions there were, and how many in a second, from what pgbench prints.
fn read(printed: &str) -> Result<(u64, f64)> {
    let after = |prefix| printed.lines().rev().find_map(|line: &str| line.strip_prefix(prefix));
    let transactions =
        after("number of transactions actually processed: ").and_then(|rest| rest.parse().ok());
    // Where there are two such lines, the last one is without the time for connecting.
    let rate = after("tps = ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    match (transactions, rate) {
        (Some(0), _) => bail!("pgbench finished not one transaction"),
        (Some(transactions), Some(rate)) => Ok((transactions, rate)),
        _ => bail!("pgbench printed no figures:\n{printed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PRINTED: &str = "pgbench (15.14)\n\
        transaction type: /x/pgbench.sql\n\
        number of clients: 2\n\
        number of transactions actually processed: 410\n\
        number of failed transactions: 0 (0.000%)\n\
        latency average = 4.871 ms\n\
        tps = 410.563913 (without initial connection time)\n";

    #[test]
    fn figures_are_found_in_what_is_printed() {
        assert_eq!(read(PRINTED).unwrap(), (410, 410.563_913));
        let older = "number of transactions actually processed: 7\n\
            tps = 1.5 (including connections establishing)\ntps = 2.5 (excluding connections establishing)\n";
        assert_eq!(read(older).unwrap(), (7, 2.5));
        read("").unwrap_err();
        read("number of transactions actually processed: 0\ntps = 0.0 (without initial connection time)\n")
            .unwrap_err();
    }

    /// Names after a colon that is not part of a cast.
    fn variables(script: &str) -> BTreeSet<&str> {
        let code = script.lines().filter(|line| !line.starts_with("--"));
        let mut names = BTreeSet::new();
        for line in code {
            for (start, _) in line.match_indices(':') {
                let (before, rest) = (&line[..start], &line[start + 1..]);
                let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
                if !before.ends_with(':') && 0 < end {
                    names.insert(&rest[..end]);
                }
            }
        }
        names
    }

    #[test]
    fn every_variable_of_the_script_has_a_value() {
        let pgbench = Pgbench { program: PathBuf::new(), script: PathBuf::from("/s.sql"), groups: 0 };
        let arguments = pgbench.arguments(4, 2.1, 17, "postgres://h/d").unwrap();
        assert!(
            arguments.contains(&"--time=3".to_owned()) && arguments.contains(&"--define=start=17".to_owned())
        );
        assert_eq!(arguments.last().unwrap(), "postgres://h/d");
        let defined = arguments.iter().filter_map(|argument| argument.strip_prefix("--define="));
        let set = SCRIPT.lines().filter_map(|line| line.strip_prefix("\\set "));
        let mut known: BTreeSet<&str> =
            defined.filter_map(|definition| definition.split('=').next()).collect();
        known.extend(set.filter_map(|assignment| assignment.split(' ').next()));
        known.insert("client_id");
        assert_eq!(variables(SCRIPT), known);
        assert!(pgbench.arguments(1, 0.2, 1, "").unwrap().contains(&"--time=1".to_owned()));
    }

    #[test]
    fn the_script_writes_what_a_batch_of_imports_writes() {
        let tables: Vec<&str> =
            SCRIPT.split("INSERT INTO landfall.").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
        assert_eq!(tables, ["groups", "accounts", "members", "memberships", "group_counts"]);
        // Like the server: a group and an account may exist already; their members are then not written.
        assert_eq!(SCRIPT.matches("ON CONFLICT").count(), 3);
        assert_eq!((SCRIPT.matches("BEGIN;").count(), SCRIPT.matches("COMMIT;").count()), (1, 1));
    }
}

//! The screen that a quickstart prints.

use super::samples::{Arrived, Outcome, Tour};
use crate::config::Config;
use crate::console::TRY;
use crate::console::users::FIRST;
use crate::secret::Secret;
use crate::server::Listening;
use crate::shell::quoted;
use landfall_domain::ids::{AppId, UserId};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// What is said about the console.
pub(super) struct Console<'s> {
    address: SocketAddr,
    /// Of the user that was made now; `None` when there were users.
    password: Option<&'s str>,
}

impl<'s> Console<'s> {
    /// `None` where the console is switched off.
    pub(super) fn of(config: &'s Config, listening: &Listening) -> Option<Self> {
        let made = config.console.first_password.as_ref().filter(|_| listening.first_user_made);
        let address = listening.console.unwrap_or(listening.address);
        config.console.enabled.then(|| Self { address, password: made.map(Secret::text) })
    }
}

pub(super) struct Screen<'s> {
    pub(super) ready_after: Duration,
    pub(super) tour: &'s Tour,
    pub(super) address: SocketAddr,
    /// Percent-encoded query of a REST call, with a UserSig.
    pub(super) query: &'s str,
    /// A member of sample groups, and its UserSig.
    pub(super) member: (&'s str, &'s str),
    /// The path by which this program was started.
    pub(super) program: &'s str,
    pub(super) config_file: &'s Path,
    pub(super) made_now: bool,
    pub(super) console: Option<Console<'s>>,
    pub(super) app: AppId,
    pub(super) admin: &'s UserId,
}

impl fmt::Display for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, app, admin, member: (member, usersig), .. } = self;
        let (program, file) = (quoted(self.program), quoted(&self.config_file.display().to_string()));
        writeln!(f, "Ready after {} ms.", self.ready_after.as_millis())?;
        let found = if self.made_now {
            format!("A new configuration is in {file}")
        } else {
            format!("The configuration in {file} was kept")
        };
        writeln!(f, "{found}: app {app}, its administrator is {admin}.")?;
        self.imported(f)?;
        self.table(f)?;
        writeln!(f, "\nImport one yourself:\n")?;
        writeln!(f, "curl -s 'http://{address}/v4/group_open_http_svc/import_group?{}' \\", self.query)?;
        writeln!(f, "  -d '{{\"Type\":\"Public\",\"Name\":\"My first import\"}}'\n")?;
        writeln!(f, "health    http://{address}/healthz")?;
        let user = quoted(admin.as_str());
        writeln!(f, "UserSigs  {program} usersig --config {file} --app {app} --user {user}")?;
        writeln!(f, "chat      {program} chat --config {file} --server http://{address} --as {member}")?;
        let link = format!("http://{address}{TRY}#sdkappid={app}&identifier={member}&usersig={usersig}");
        writeln!(f, "browser   {link}")?;
        if let Some(Console { address, password }) = &self.console {
            let user = match password {
                Some(password) => format!("user {FIRST}, password {password} (shown only now)"),
                None => "with a user that was made before".to_owned(),
            };
            writeln!(f, "console   http://{address}/console/  {user}")?;
        }
        writeln!(f, "\nCtrl-C stops the server; the data stays.")
    }
}

impl Screen<'_> {
    /// Prints the results of the samples.
    fn imported(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tour = self.tour;
        let new = tour.count(&Outcome::Imported);
        let there = tour.count(&Outcome::AlreadyThere);
        write!(f, "Samples sent through the REST API in {} ms: ", tour.import_time.as_millis())?;
        write!(f, "{} imported", counted(new, "group"))?;
        if 0 < there {
            write!(f, ", {there} already there")?;
        }
        write!(f, "; {} imported", counted(tour.members_imported, "member"))?;
        if 0 < tour.members_already {
            write!(f, ", {} already there", tour.members_already)?;
        }
        writeln!(f, ".")?;
        for (name, outcome) in &tour.outcomes {
            match outcome {
                Outcome::Refused { code, info } => {
                    writeln!(f, "  refused: {} with {code}: {}", printable(name), printable(info))?;
                }
                Outcome::Imported | Outcome::AlreadyThere | Outcome::NotRepeated => {}
            }
        }
        Ok(())
    }

    /// Prints the groups that were read back.
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEAD: [&str; 7] = ["GroupId", "Type", "Name", "Owner", "Members", "Created", "Custom fields"];
        let mut rows = vec![HEAD.map(str::to_owned)];
        rows.extend(self.tour.arrived.iter().map(row));
        let widths: Vec<usize> = (0..HEAD.len())
            .map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or_default())
            .collect();
        writeln!(f)?;
        for row in &rows {
            let mut line = String::from(" ");
            for (cell, column_width) in row.iter().zip(&widths) {
                line.push(' ');
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', 1 + column_width - width(cell)));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        let shown = u64::try_from(self.tour.arrived.len()).unwrap_or(u64::MAX);
        if shown < self.tour.total {
            writeln!(f, "  and {} more", self.tour.total - shown)?;
        }
        Ok(())
    }
}

fn row(group: &Arrived) -> [String; 7] {
    let kind = if group.topics { format!("{} (topics)", group.kind) } else { group.kind.clone() };
    // Quoted with escapes, so that control characters are visible.
    let fields: Vec<String> = group.fields.iter().map(|value| format!("{value:?}")).collect();
    [
        clipped(&printable(&group.id), 32),
        printable(&kind),
        clipped(&printable(&group.name), 32),
        if group.owner.is_empty() { "-".to_owned() } else { printable(&group.owner) },
        group.members.to_string(),
        date(group.created),
        clipped(&fields.join(" "), 40),
    ]
}

fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// Control characters in a name must not reach the terminal as commands.
fn printable(text: &str) -> String {
    let escaped =
        |letter: char| if letter.is_control() { letter.escape_unicode().to_string() } else { letter.into() };
    text.chars().map(escaped).collect()
}

/// At most `width_max` columns of `text`.
fn clipped(text: &str, width_max: usize) -> String {
    if width(text) <= width_max {
        return text.to_owned();
    }
    let mut clipped = String::new();
    for letter in text.chars() {
        if width_max < width(&clipped) + letter_width(letter) + 1 {
            break;
        }
        clipped.push(letter);
    }
    clipped.push('…');
    clipped
}

/// Columns that a text takes in a terminal.
fn width(text: &str) -> usize {
    text.chars().map(letter_width).sum()
}

/// Two columns for the scripts of East Asia, full-width forms and emoji; one for others. Close enough for a table.
fn letter_width(letter: char) -> usize {
    match u32::from(letter) {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1_f300..=0x1_faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// The UTC day of a moment in Unix seconds, as year-month-day.
fn date(seconds: u64) -> String {
    // Years are counted from March, so that the leap day is the last one; 719,468 days lie between the first of
    // March of the year 0 and 1970, and 400 years have 146,097 days.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, next_year) =
        if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year_of_era + next_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_448_357_837, "2015-11-24"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), day);
        }
    }

    #[test]
    fn cells_keep_their_columns_and_have_no_control_characters() {
        assert_eq!(width("厦门 x"), 6);
        assert_eq!(clipped("厦门园艺", 6), "厦门…");
        assert_eq!(clipped("厦门园艺", 8), "厦门园艺");
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
    }
}

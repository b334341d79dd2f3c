//! Compares a neutral file with a server, group by group: whether everything arrived, and is still there.
//!
//! An address of a file stands for its content: what the server should have is known by its hash, and whether it is there is
//! asked. Groups that only the server has are not looked at, nor are accounts. Of a profile and of a friend only what the file gives is
//! compared. Friends, and what passed between two accounts, are compared like groups, and counted apart.

mod body;
mod feed;
mod files;
mod group;
mod hash;
mod members;
mod message;
mod messages;
mod people;
mod profile;
mod text;

pub use hash::Hashes;
pub(crate) use profile::changeable as profile_difference;

use crate::journal::JournalError;
use crate::reading::Reading;
use crate::rules::ServerLimits;
use crate::server::{CallError, Server};
use crate::sources::contents::Contents;
use feed::{Feed, GroupFeed};
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Groups that are compared at the same time.
const GROUPS_AT_ONCE: usize = 16;

/// How a file was imported: what the import left out is not compared.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// For what does not fit in memory while records are put in order.
    pub spill_directory: PathBuf,
    /// What records are checked against.
    pub rules: ServerLimits,
    /// Whether messages behind a faulty one were brought in.
    pub leave_out_faulty: bool,
    /// Where the contents of the files lie that messages refer to.
    pub contents: Arc<Contents>,
}

/// Why a comparison ended before all groups were compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the file cannot be read or put in order")]
    File(#[from] io::Error),
    #[error("what was found of files cannot be written down")]
    Files(#[from] JournalError),
}

/// What became of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The server has what the file has.
    Equal,
    Different,
    /// The server has no such group.
    Missing,
}

/// Parts of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Profile,
    Topics,
    Members,
    Messages,
    Reads,
}

/// The first difference in a part of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub part: Part,
    /// What differs, such as `message 17 (key C1:5): MsgBody[0].MsgContent.Text differs: file "a", server "b"`.
    pub text: String,
}

/// A group of the file, compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupResult {
    pub group: String,
    pub outcome: Outcome,
    /// The first difference in each part that differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Messages of the file, and of the server.
    pub messages: Both,
    /// Members of the file, and of the server.
    pub members: Both,
    /// Messages whose reactions or `x` had no room on the server.
    pub shortened: u64,
    /// Hashes over what the server has.
    pub hashes: Hashes,
}

impl GroupResult {
    /// One line about the group.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (self.outcome, self.differences.first()) {
            (Outcome::Missing, _) => format!("{}: missing", self.group),
            (Outcome::Different, Some(first)) => format!("{}: different: {}", self.group, first.text),
            (Outcome::Equal | Outcome::Different, _) => format!("{}: equal", self.group),
        }
    }
}

/// A count of each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Both {
    pub file: u64,
    pub server: u64,
}

/// How the file and the server compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    pub equal: u64,
    pub different: u64,
    pub missing: u64,
    pub messages: Both,
    pub members: Both,
    /// Lines and records that an import leaves out because they, or what they belong to, are faulty.
    pub left_out: u64,
    /// Files that messages refer to, and how many of them the server has with the same content.
    pub files: Both,
    /// The file is cut off or damaged: what comes behind that was not compared.
    pub cut_off: bool,
    pub shortened: u64,
    /// Profiles, lists of friends, blocklists and one-to-one conversations of the file, and how many of them the server has like this.
    pub people: Both,
    /// A hash over the hashes of all groups, in the order of their ids.
    pub hash: String,
}

impl VerifyReport {
    /// Whether every group is on the server as it is in the file, and all of the file was read.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let people = self.people.file == self.people.server;
        people && self.different == 0 && self.missing == 0 && !self.cut_off
    }

    fn count_people(&mut self, result: &GroupResult) {
        self.people.file += 1;
        self.people.server += u64::from(result.outcome == Outcome::Equal);
        self.messages.file += result.messages.file;
        self.messages.server += result.messages.server;
    }

    fn count(&mut self, result: &GroupResult) {
        *match result.outcome {
            Outcome::Equal => &mut self.equal,
            Outcome::Different => &mut self.different,
            Outcome::Missing => &mut self.missing,
        } += 1;
        for (all, one) in [(&mut self.messages, result.messages), (&mut self.members, result.members)] {
            all.file += one.file;
            all.server += one.server;
        }
        self.shortened += result.shortened;
    }
}

/// Compares a neutral file with a server. `on_group` gets each group in the order of their ids.
///
/// Memory holds a few pages of messages and the members of a few groups; and 16 bytes for each message of the groups that
/// are being compared.
///
/// # Errors
/// The server refuses or does not answer for a minute, or the file cannot be read.
pub async fn verify(
    file: &Path,
    server: &Server,
    options: VerifyOptions,
    on_group: &mut (dyn FnMut(&GroupResult) + Send),
) -> Result<VerifyReport, VerifyError> {
    let reading = Reading::new(server);
    let profiles = people::profiles(file, &options.rules, &reading).await?;
    let (contents, spill) = (Arc::clone(&options.contents), options.spill_directory.clone());
    let Feed { files, places, groups, end } = feed::feed(file, options);
    let found = files::look(files, server, &contents, &spill).await?;
    let files = found.count;
    // Where nobody waits for them, the reading has failed, and says so below.
    drop(places.send(found.places));
    let groups = stream::unfold(groups, |mut groups| async move { Some((groups.recv().await?, groups)) });
    let mut report = VerifyReport { files, ..VerifyReport::default() };
    let mut hashes = hash::Chain::default();
    report.people.file = profiles.count;
    report.people.server = profiles.count - profiles.different.len() as u64;
    profiles.different.iter().for_each(&mut *on_group);
    {
        let compared = |group: GroupFeed| async {
            let is_people = group.id.contains(feed::BETWEEN);
            Ok::<_, VerifyError>((is_people, group::compare(&reading, group).await?))
        };
        let results = groups.map(compared).buffered(GROUPS_AT_ONCE);
        let mut results = std::pin::pin!(results);
        while let Some(result) = results.next().await {
            let (is_people, result) = result?;
            if is_people {
                report.count_people(&result);
            } else {
                report.count(&result);
                hashes.add(&result.group, &result.hashes);
            }
            on_group(&result);
        }
    }
    let end = end.await.map_err(io::Error::other)??;
    (report.left_out, report.cut_off) = (end.left_out, end.cut_off);
    report.hash = hashes.finish();
    Ok(report)
}

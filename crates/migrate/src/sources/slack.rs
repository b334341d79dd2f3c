//! Reads Slack exports: a zip archive, or the folder that was in it.
//!
//! Lists of users and conversations come first, then the messages of one conversation after the other, sorted by `ts` on the disk. A
//! message is known by its conversation and `ts`. Time of joining is that of the first message that says so. What has `creator`
//! is owned by that user while a member. Channels become Public groups that everybody may join. A folder with messages that no list
//! names becomes a Private group of those who wrote there. [choice]

mod arrays;
mod days;
mod files;
mod json;
mod lists;
mod message;
mod text;

use self::lists::Lists;
use super::archive::Archive;
use super::builder::Builder;
use super::kind::Format;
use super::sink::ConvertError;
use crate::losses::LossKind;
use std::collections::BTreeSet;
use std::path::Path;

/// Files that the outermost folder of an export has; one is enough.
pub(super) const MARKS: [&str; 6] =
    ["users.json", "org_users.json", "channels.json", "groups.json", "dms.json", "mpims.json"];
/// Files that the neutral file has no place for.
const PLACELESS: [&str; 5] = [
    "integration_logs.json",
    "canvases.json",
    "lists.json",
    "huddle_transcripts.json",
    "file_conversations.json",
];

/// Reads the export at `path`.
///
/// # Errors
/// It cannot be read or is no Slack export, or the output fails.
pub(super) fn read(path: &Path, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
    let mut archive = Archive::open(path)?;
    if !archive.enter(&MARKS) {
        let problem = format!("it has none of the files {}", MARKS.join(", "));
        return Err(ConvertError::WrongFormat { path: path.to_owned(), format: Format::Slack, problem });
    }
    for what in ["read marks", "roles"] {
        builder.absent(what);
    }
    for name in PLACELESS {
        if archive.has(name) {
            builder.lose(LossKind::Placeless, name);
        }
    }
    let bases = bases(&archive);
    let mut lists = Lists::default();
    for base in &bases {
        lists.read(base, &mut archive, builder)?;
    }
    lists.find_folders(&mut archive, builder)?;
    let attached = files::Attached::find(&archive);
    for (channel, folders) in lists.folders() {
        if builder.wants_channel(channel) {
            days::read(channel, folders, &lists, &attached, &mut archive, builder)?;
        }
    }
    Ok(())
}

/// The folders that have lists: the outermost, and in exports of a whole organisation one for each workspace. Each is empty or
/// ends with a slash.
fn bases(archive: &Archive) -> Vec<String> {
    let mut bases = BTreeSet::from([String::new()]);
    for name in archive.names_in("teams") {
        if let Some((folder, file)) = name.rsplit_once('/')
            && MARKS.contains(&file)
            && folder.matches('/').count() == 1
        {
            bases.insert(format!("{folder}/"));
        }
    }
    bases.into_iter().collect()
}

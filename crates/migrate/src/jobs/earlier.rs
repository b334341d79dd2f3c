//! Records that earlier imports with the same journal could not bring in: they stay in the failed file until one brings them in.

use crate::format::{Reader, Record, Writer, identity};
use crate::journal::hash;
use crate::rules;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// Writes the records of `new`, which failed now, to `out`, and keeps those that are there and are neither in `source` nor in
/// `new`. `source` is `None` when it was not gone through to its end: then nothing is known to have come in.
///
/// # Errors
/// A file cannot be read or written.
pub(super) fn keep(source: Option<&Path>, new: &Path, out: &Path) -> io::Result<()> {
    let mut kept: BTreeSet<u64> = BTreeSet::new();
    if out.exists() {
        kept.extend(lines(out)?.map(|line| name(&line)));
    }
    for file in source.into_iter().chain(new.exists().then_some(new)) {
        if kept.is_empty() {
            break;
        }
        for line in lines(file)? {
            kept.remove(&name(&line));
        }
    }
    if kept.is_empty() && !new.exists() {
        return remove(out);
    }
    let mut writer = Writer::create(out)?;
    if new.exists() {
        lines(new)?.try_for_each(|line| writer.write_line(&line))?;
    }
    if !kept.is_empty() {
        lines(out)?
            .filter(|line| kept.contains(&name(line)))
            .try_for_each(|line| writer.write_line(&line))?;
    }
    writer.finish()
}

/// What failed before is nothing any more: the same source was gone through again.
pub(super) fn replace(new: &Path, out: &Path) -> io::Result<()> {
    if !new.exists() {
        return remove(out);
    }
    let mut writer = Writer::create(out)?;
    lines(new)?.try_for_each(|line| writer.write_line(&line))?;
    writer.finish()
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Those that can be read.
fn lines(file: &Path) -> io::Result<impl Iterator<Item = String>> {
    Ok(Reader::open(file)?.flatten().map(|line| line.text))
}

/// What a record is known by, whatever its content.
fn name(line: &str) -> u64 {
    let Ok(record) = Record::parse(line) else { return hash(line) };
    let kind = record.kind().as_str();
    let (src, key) = record.origin();
    if !key.is_empty() {
        return hash(&format!("{kind}\0{src}\0{key}"));
    }
    let (group, name) = (record.bundle().unwrap_or_default(), rules::name(&record));
    let more = match &record {
        Record::Message(message) => identity::identity(message),
        Record::Read(read) => read.topic_id.clone().unwrap_or_default(),
        Record::Account(_)
        | Record::File(_)
        | Record::Friend(_)
        | Record::Block(_)
        | Record::Group(_)
        | Record::Topic(_)
        | Record::Member(_) => String::new(),
    };
    hash(&format!("{kind}\0{group}\0{name}\0{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_stays_until_a_source_that_has_it_is_gone_through() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let account = |name: &str, more: &str| format!("{{\"t\":\"account\",\"UserID\":\"{name}\"{more}}}\n");
        let fault = r#","x":{"fault":[]}"#;
        let (out, new) = (path("failed"), path("new"));
        keep(Some(&path("none")), &new, &out).unwrap_or_default();
        assert!(!out.exists());
        fs::write(&new, account("ann", fault) + &account("ben", fault)).unwrap();
        fs::write(path("a"), account("ann", "") + &account("ben", "")).unwrap();
        keep(Some(&path("a")), &new, &out).unwrap();
        // Another source has ben, which comes in, and cleo, which does not.
        fs::write(&new, account("cleo", fault)).unwrap();
        fs::write(path("b"), account("ben", "") + &account("cleo", "")).unwrap();
        keep(None, &new, &out).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 3);
        keep(Some(&path("b")), &new, &out).unwrap();
        let failed = fs::read_to_string(&out).unwrap();
        assert_eq!(failed, account("cleo", fault) + &account("ann", fault));
        fs::remove_file(&new).unwrap();
        replace(&new, &out).unwrap();
        assert!(!out.exists());
    }
}

//! Profiles of groups in the file that was imported.

use crate::format::{Group, Reader, Record};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// How a line with a group may look, whatever its spaces.
const MARK: &str = "\"group\"";

/// The records of some groups.
#[derive(Debug, Default)]
pub(super) struct Profiles(BTreeMap<String, Option<Group>>);

impl Profiles {
    /// Reads the file for these groups; not at all when there are none.
    pub(super) fn read<'a>(file: Option<&Path>, ids: impl Iterator<Item = &'a str>) -> io::Result<Self> {
        let mut groups: BTreeMap<_, _> = ids.map(|id| (id.to_owned(), None)).collect();
        if let Some(file) = file.filter(|_| !groups.is_empty()) {
            // Lines that cannot be read were not imported.
            for line in Reader::open(file)?.flatten().filter(|line| line.text.contains(MARK)) {
                if let Ok(Record::Group(group)) = Record::parse(&line.text)
                    && let Some(place @ None) = groups.get_mut(&group.group_id)
                {
                    *place = Some(group);
                }
            }
        }
        Ok(Self(groups))
    }

    pub(super) fn get(&self, id: &str) -> Option<&Group> {
        self.0.get(id)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_first_record_of_each_wanted_group_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        let lines = [
            r#"{"t": "group", "GroupId": "b", "Type": "Public", "Name": "B"}"#,
            "oops",
            r#"{"t":"group","GroupId":"a","Type":"Public","Name":"A"}"#,
            r#"{"t":"group","GroupId":"a","Type":"Public","Name":"other"}"#,
        ];
        fs::write(&path, lines.join("\n")).unwrap();
        let profiles = Profiles::read(Some(&path), ["a", "c"].into_iter()).unwrap();
        assert_eq!(profiles.get("a").map(|group| group.name.as_str()), Some("A"));
        assert!(profiles.get("b").is_none() && profiles.get("c").is_none());
        assert!(Profiles::read(None, ["a"].into_iter()).unwrap().get("a").is_none());
        let nowhere = directory.path().join("none");
        assert!(Profiles::read(Some(&nowhere), std::iter::empty()).is_ok());
    }
}

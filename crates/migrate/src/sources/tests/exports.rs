//! The samples of exports, and what they become.

use super::{Collected, convert_path};
use crate::sources::{Converted, Format};
use std::fs;
use std::path::{Path, PathBuf};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/exports")
}

pub(super) fn sample(format: Format) -> (Collected, Converted) {
    convert_path(format, &samples().join(format.as_str()), "").unwrap()
}

/// Checks that the sample of a format becomes the neutral file beside it, and what is said about it.
fn check(format: Format, sentence: &str) {
    let (collected, converted) = sample(format);
    assert_eq!(collected.problems(), [""; 0]);
    assert_eq!(converted.sentence(), sentence);
    let expected = samples().join(format!("{}.jsonl", format.as_str()));
    let expected = fs::read_to_string(expected).unwrap();
    for (line, expected) in collected.lines().iter().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(collected.records.len(), expected.lines().count());
}

#[test]
fn the_mattermost_sample_becomes_a_neutral_file() {
    check(
        Format::Mattermost,
        "Mattermost export: 3 channels, 3 direct conversations, 5 users, 11 messages, 2 files, 2019-03-04 to 2019-03-04; \
         lost: 1 file without content and address, 2 things that the neutral file has no place for, \
         times of joining (not in the source), times of creation of channels (not in the source)",
    );
}

#[test]
fn the_stream_sample_becomes_a_neutral_file() {
    check(
        Format::Stream,
        "Stream export: 2 channels, 1 direct conversation, 4 users, 8 messages, 2 files, 2019-03-04 to 2019-03-06; \
         lost: 1 deleted message, 2 files whose content is not in the source (their messages keep the address), \
         1 thing that the neutral file has no place for",
    );
}

#[test]
fn the_discord_sample_becomes_a_neutral_file() {
    check(
        Format::Discord,
        "Discord export: 1 channel, 1 direct conversation, 4 users, 8 messages, 3 files, 2019-03-04 to 2019-03-05; \
         lost: 1 reaction of accounts that the source does not name, \
         1 file whose content is not in the source (its message keeps the address), 1 file without content and address, \
         owners (not in the source), members who did nothing (not in the source), read marks (not in the source)",
    );
}

#[test]
fn the_telegram_sample_becomes_a_neutral_file() {
    check(
        Format::Telegram,
        "Telegram export: 2 channels, 2 direct conversations, 8 users, 15 messages, 3 files, 2019-03-04 to 2019-03-07; \
         lost: 1 reaction of accounts that the source does not name, 2 files without content and address, \
         1 thing that the neutral file has no place for, members who never wrote (not in the source), \
         read marks (not in the source)",
    );
}

/// A file of Stream in the older form is one array of the same items.
#[test]
fn the_older_form_of_stream_has_the_same_records() {
    let lines = fs::read_to_string(samples().join("stream/import.jsonl")).unwrap();
    let items: Vec<_> = lines.lines().collect();
    let array = format!("[\n{}\n]", items.join(",\n"));
    let (older, _) = super::convert_text(Format::Stream, array.as_bytes(), "").unwrap();
    assert_eq!(older.lines(), sample(Format::Stream).0.lines());
}

#[test]
fn a_zip_archive_has_the_same_records_as_its_folder() {
    let directory = tempfile::tempdir().unwrap();
    for format in [Format::Mattermost, Format::Stream, Format::Discord, Format::Telegram] {
        let path = directory.path().join("export.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        add(&mut zip, &samples().join(format.as_str()), "");
        zip.finish().unwrap();
        assert_eq!(convert_path(format, &path, "").unwrap().0.lines(), sample(format).0.lines());
    }
}

fn add(zip: &mut zip::ZipWriter<fs::File>, folder: &Path, name: &str) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = format!("{name}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            add(zip, &path, &format!("{name}/"));
        } else {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::copy(&mut fs::File::open(path).unwrap(), zip).unwrap();
        }
    }
}

//! The samples in `samples/exports` become the files in `tests/golden`: the records, and what is said about them.
//!
//! With `LANDFALL_GOLDEN_UPDATE=1` the files are written instead of compared.

use landfall_domain::limits::Limits;
use landfall_domain::time::Timestamp;
use landfall_migrate::fault::Fault;
use landfall_migrate::format::Record;
use landfall_migrate::mapping::Mapping;
use landfall_migrate::ordered::Ordered;
use landfall_migrate::rules::{Checker, ServerLimits, Verdict};
use landfall_migrate::sources::{Converted, Format, Sink, convert, describe, recognise};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The name of the golden files, the sample, and its format.
const SAMPLES: [(&str, &str, Format); 6] = [
    ("slack", "slack", Format::Slack),
    ("mattermost", "mattermost", Format::Mattermost),
    ("stream", "stream/import.jsonl", Format::Stream),
    ("discord", "discord", Format::Discord),
    ("telegram", "telegram", Format::Telegram),
    ("csv", "csv/chat.csv", Format::Csv),
];

#[derive(Default)]
struct Collected {
    records: String,
    faults: Vec<Fault>,
}

impl Sink for Collected {
    fn record(&mut self, record: Record) -> io::Result<()> {
        self.records.push_str(&record.line());
        self.records.push('\n');
        Ok(())
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.faults.push(fault);
        Ok(())
    }
}

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn converted(path: &Path, format: Format) -> (Collected, Converted) {
    let mut collected = Collected::default();
    let converted = convert(format, path, &Mapping::default(), &Limits::FAITHFUL, &mut collected).unwrap();
    (collected, converted)
}

/// What a user is told about a conversion.
fn report(collected: &Collected, converted: &Converted) -> String {
    let mut report = format!("{}\n", converted.sentence());
    for loss in &converted.losses {
        let examples = loss.examples.join("; ");
        writeln!(report, "{} {}: {} [{examples}]", loss.code, loss.count, loss.sentence()).unwrap();
    }
    for fault in &collected.faults {
        writeln!(report, "fault {} {}: {}", fault.code, fault.name, fault.message).unwrap();
    }
    writeln!(report, "\n{}", describe(&Mapping::default(), converted).trim_end()).unwrap();
    report
}

#[test]
fn every_sample_becomes_its_golden_files() {
    let update = std::env::var_os("LANDFALL_GOLDEN_UPDATE").is_some_and(|value| value == "1");
    for (name, sample, format) in SAMPLES {
        let path = directory("../../samples/exports").join(sample);
        assert_eq!(recognise(&path).unwrap(), format);
        let (collected, converted) = converted(&path, format);
        assert_eq!(converted.records, collected.records.lines().count() as u64);
        for (ending, made) in [("jsonl", collected.records.clone()), ("txt", report(&collected, &converted))]
        {
            let golden = directory("tests/golden").join(format!("{name}.{ending}"));
            if update {
                fs::write(&golden, &made).unwrap();
            } else {
                let expected = fs::read_to_string(&golden).unwrap();
                let lines = expected.lines().zip(made.lines()).enumerate();
                for (number, (expected, made)) in lines {
                    assert_eq!(expected, made, "{} line {}", golden.display(), number + 1);
                }
                assert_eq!(expected.len(), made.len(), "{}", golden.display());
            }
        }
    }
}

#[test]
fn a_server_takes_every_golden_file() {
    let scratch = tempfile::tempdir().unwrap();
    for (name, _, _) in SAMPLES {
        let golden = directory("tests/golden").join(format!("{name}.jsonl"));
        let mut checker = Checker::new(ServerLimits::faithful(Timestamp(1_800_000_000)));
        for entry in Ordered::read(&golden, scratch.path(), |fault, _| panic!("{fault:?}")).unwrap() {
            assert_eq!(checker.check(&entry.unwrap()), Verdict::Fine, "{name}");
        }
    }
}

/// Adds the files of `folder` to a zip archive, each with `prefix` before its path.
fn add(zip: &mut zip::ZipWriter<fs::File>, folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            add(zip, &path, &format!("{name}/"));
        } else {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
}

#[test]
fn an_export_is_the_same_as_a_folder_and_as_an_archive_with_or_without_a_folder_around_it() {
    let scratch = tempfile::tempdir().unwrap();
    for format in [Format::Slack, Format::Mattermost, Format::Stream, Format::Discord, Format::Telegram] {
        let sample = directory("../../samples/exports").join(format.as_str());
        let (folder, _) = converted(&sample, format);
        for prefix in ["", "Bakers Slack export Jan 3 2019 - Jan 7 2019/"] {
            let path = scratch.path().join("export.zip");
            let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
            add(&mut zip, &sample, prefix);
            zip.finish().unwrap();
            assert_eq!(recognise(&path).unwrap(), format);
            let (archive, _) = converted(&path, format);
            let expected = folder.records.replace("\"path\":\"", &format!("\"path\":\"{prefix}"));
            assert_eq!(archive.records, expected, "{format:?} in {prefix:?}");
        }
    }
}

//! Files that messages refer to: brought in, compared, and copied out again.

use super::{client, compare, read};
use crate::stand_in::{StandIn, Troubles};
use landfall_domain::limits::Limits;
use landfall_migrate::export::export_with_files;
use landfall_migrate::format::Record;
use landfall_migrate::import::{Counts, ImportOptions, ImportReport};
use landfall_migrate::mapping::Mapping;
use landfall_migrate::sources::{self, contents::Contents};
use landfall_migrate::verify::Both;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

const CREATED: u64 = 1_500_000_000;

fn message(key: &str, place: usize, file: &str) -> Value {
    json!({
        "t": "message", "src": "test", "key": key, "GroupId": "g", "From_Account": "u1",
        "SendTime": CREATED + 100 + u64::try_from(place).unwrap(),
        "MsgBody": [
            { "MsgType": "TIMTextElem", "MsgContent": { "Text": "see" } },
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": file, "FileName": "a.txt", "FileSize": 0, "UUID": "u" } }
        ]
    })
}

fn group() -> Vec<Value> {
    vec![
        json!({ "t": "account", "UserID": "u1" }),
        json!({ "t": "group", "GroupId": "g", "Type": "Public", "Name": "g", "Owner_Account": "u1", "CreateTime": CREATED }),
    ]
}

fn file(key: &str, path: &str) -> Value {
    json!({ "t": "file", "src": "test", "key": key, "path": path, "FileName": format!("{key} ä.txt") })
}

/// A neutral file, the contents beside it, and a server.
struct Place {
    directory: TempDir,
    server: StandIn,
}

impl Place {
    async fn new(limits: Option<Value>, troubles: Troubles) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), server: StandIn::start(troubles, limits).await }
    }

    async fn landfall() -> Self {
        Self::new(crate::landfall(), Troubles::default()).await
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("a.jsonl")
    }

    fn content(&self, path: &str, content: &str) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn write(&self, lines: &[Value]) {
        let lines = group().iter().chain(lines).map(|line| format!("{line}\n")).collect::<String>();
        fs::write(self.file(), lines).unwrap();
    }

    async fn import(&self) -> ImportReport {
        let report = crate::import(&self.file(), &self.server, &ImportOptions::beside(&self.file())).await;
        assert!(report.finished, "{report:?}");
        report
    }

    fn puts(&self) -> usize {
        self.server.state().calls.get("put_file").copied().unwrap_or_default()
    }

    /// Elements of the messages.
    fn elements(&self) -> Vec<Value> {
        let state = self.server.state();
        state.groups["g"].talks[""].iter().map(|said| said.body[1].clone()).collect()
    }

    async fn assert_equal(&self, files: Both) {
        let (groups, report) = compare(&self.file(), &self.server).await;
        assert!(report.is_equal(), "{groups:#?}");
        assert_eq!(report.files, files);
    }
}

fn files(report: &ImportReport) -> Counts {
    report.records["file"]
}

#[tokio::test]
async fn files_come_in_once_and_messages_get_their_addresses() {
    let place = Place::landfall().await;
    for (path, content) in [("files/a.txt", "0123456789"), ("files/b.txt", "b"), ("c.txt", "c")] {
        place.content(path, content);
    }
    let lines = [
        message("1", 1, "file:a"),
        message("", 2, "file:b"),
        message("3", 3, "file:a"),
        message("4", 4, "https://elsewhere"),
        file("a", "files/a.txt"),
        file("b", "files/b.txt"),
        file("nobody", "c.txt"),
    ];
    place.write(&lines);
    let report = place.import().await;
    assert!(report.faults.is_empty(), "{report:?}");
    assert_eq!(files(&report), Counts { imported: 2, skipped: 1, ..Counts::default() });
    let elements = place.elements();
    let digest = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    let content = json!({
        "Url": format!("/files/7/{digest}/a%20%C3%A4.txt"), "FileName": "a.txt", "FileSize": 10, "UUID": "u"
    });
    assert_eq!(elements[0]["MsgContent"], content);
    assert_eq!(elements[2]["MsgContent"], content);
    assert_eq!(elements[3]["MsgContent"]["Url"], "https://elsewhere");
    assert_eq!(place.puts(), 2);
    place.assert_equal(Both { file: 2, server: 2 }).await;
    let report = place.import().await;
    assert_eq!(files(&report), Counts { unchanged: 2, skipped: 1, ..Counts::default() });
    assert_eq!(report.records["message"].unchanged, 4);
    assert_eq!(place.puts(), 2);
    // A newer export without the contents changes nothing either.
    fs::remove_dir_all(place.directory.path().join("files")).unwrap();
    let report = place.import().await;
    assert_eq!((files(&report).unchanged, report.records["message"].unchanged), (2, 4));
    // Another content takes the place of the one before.
    place.content("files/b.txt", "another b");
    place.content("files/a.txt", "0123456789");
    let options = ImportOptions {
        on_change: landfall_migrate::import::OnChange::Update,
        ..ImportOptions::beside(&place.file())
    };
    let report = crate::import(&place.file(), &place.server, &options).await;
    assert_eq!((files(&report).updated, report.records["message"].updated), (1, 1));
    place.assert_equal(Both { file: 2, server: 2 }).await;
}

#[tokio::test]
async fn an_export_has_the_files_and_is_imported_with_them() {
    let place = Place::landfall().await;
    place.content("a.txt", "0123456789");
    place.write(&[
        message("1", 1, "file:a"),
        message("2", 2, "file:a"),
        message("", 3, "file:a"),
        file("a", "a.txt"),
    ]);
    place.import().await;
    let exported = tempfile::tempdir().unwrap();
    let out = exported.path().join("out.jsonl");
    let report = export_with_files(&*client(&place.server).await, &out).await.unwrap();
    assert_eq!((report.files, report.lost_files.count), (1, 0));
    let records = read(&out);
    let [Record::File(file)] =
        &records.iter().filter(|record| matches!(record, Record::File(_))).collect::<Vec<_>>()[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!((file.file_name.as_deref(), file.file_size), (Some("a ä.txt"), Some(10)));
    let path = exported.path().join(file.path.as_ref().unwrap());
    assert_eq!(fs::read_to_string(path).unwrap(), "0123456789");
    let again = StandIn::start(Troubles::default(), crate::landfall()).await;
    let report = crate::import(&out, &again, &ImportOptions::beside(&out)).await;
    assert!(report.finished && report.faults.is_empty(), "{report:?}");
    assert_eq!(again.state().groups["g"].talks, place.server.state().groups["g"].talks);
    assert_eq!(again.state().files, place.server.state().files);
    assert!(compare(&out, &again).await.1.is_equal());
    // Without the content, the address stays.
    place.server.state().files.clear();
    let report =
        export_with_files(&*client(&place.server).await, &exported.path().join("b.jsonl")).await.unwrap();
    assert_eq!((report.files, report.lost_files.count), (0, 1));
    let third = StandIn::start(Troubles::default(), crate::landfall()).await;
    let out = exported.path().join("b.jsonl");
    let report = crate::import(&out, &third, &ImportOptions::beside(&out)).await;
    assert!(report.finished && report.faults.is_empty(), "{report:?}");
    assert_eq!(third.state().groups["g"].talks, place.server.state().groups["g"].talks);
}

#[tokio::test]
async fn a_content_that_is_not_there_is_a_fault_and_its_message_says_so() {
    let place = Place::landfall().await;
    let mut with_url = file("url", "url.txt");
    with_url["Url"] = "https://old/url.txt".into();
    let mut leads_out = file("out", "../out.txt");
    leads_out["Url"] = "https://old/out.txt".into();
    place.content("empty.txt", "");
    let lines = [
        message("1", 1, "file:gone"),
        message("2", 2, "file:url"),
        message("3", 3, "file:out"),
        message("4", 4, "file:empty"),
        file("gone", "gone.txt"),
        with_url,
        leads_out,
        file("empty", "empty.txt"),
    ];
    place.write(&lines);
    let report = place.import().await;
    assert_eq!(files(&report), Counts { skipped: 1, failed: 3, ..Counts::default() });
    let faults = [("bad_path", 1), ("no_such_file", 1), ("refused", 1)];
    assert_eq!(report.faults.iter().map(|(code, count)| (*code, *count)).collect::<Vec<_>>(), faults);
    assert_eq!(report.records["message"].imported, 4);
    let elements = place.elements();
    let text =
        json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": "[file that is not there: gone ä.txt]" } });
    assert_eq!(elements[0], text);
    assert_eq!(elements[1]["MsgContent"]["Url"], "https://old/url.txt");
    assert_eq!(elements[2]["MsgContent"]["Url"], "https://old/out.txt");
    assert_eq!(elements[3]["MsgContent"]["Text"], "[file that is not there: empty ä.txt]");
    place.assert_equal(Both { file: 4, server: 0 }).await;
}

#[tokio::test]
async fn a_content_that_the_server_does_not_take_is_a_fault() {
    let place = Place::landfall().await;
    place.server.state().file_bytes_max = 9;
    place.content("a.txt", "0123456789");
    place.content("b.txt", "012345678");
    place.write(&[
        message("1", 1, "file:a"),
        message("2", 2, "file:b"),
        file("a", "a.txt"),
        file("b", "b.txt"),
    ]);
    let report = place.import().await;
    assert_eq!(files(&report), Counts { imported: 1, failed: 1, ..Counts::default() });
    let failed = fs::read_to_string(ImportOptions::beside(&place.file()).failed).unwrap();
    assert!(failed.contains("the server refused it with 10004: refused by the stand-in"), "{failed}");
    assert_eq!(place.elements()[0]["MsgContent"]["Text"], "[file that is not there: a ä.txt]");
    place.assert_equal(Both { file: 2, server: 1 }).await;
    // Once it takes it, the same import brings it in.
    place.server.state().file_bytes_max = 0;
    let options = ImportOptions {
        on_change: landfall_migrate::import::OnChange::Update,
        ..ImportOptions::beside(&place.file())
    };
    let report = crate::import(&place.file(), &place.server, &options).await;
    assert_eq!((files(&report).imported, report.records["message"].updated), (1, 1));
    place.assert_equal(Both { file: 2, server: 2 }).await;
}

#[tokio::test]
async fn a_server_of_another_make_gets_no_files() {
    let place = Place::new(None, Troubles::default()).await;
    let mut with_url = file("url", "a.txt");
    with_url["Url"] = "https://old/url.txt".into();
    place.content("a.txt", "0123456789");
    place.write(&[message("1", 1, "file:a"), message("2", 2, "file:url"), file("a", "a.txt"), with_url]);
    let report = place.import().await;
    assert_eq!(files(&report), Counts { skipped: 1, failed: 1, ..Counts::default() });
    assert_eq!(report.faults.iter().collect::<Vec<_>>(), [(&"not_supported", &1)]);
    let elements = place.elements();
    assert_eq!(elements[0]["MsgContent"]["Text"], "[file that is not there: a ä.txt]");
    assert_eq!(elements[1]["MsgContent"]["Url"], "https://old/url.txt");
    assert_eq!(place.puts(), 0);
    place.assert_equal(Both { file: 2, server: 0 }).await;
}

#[tokio::test]
async fn a_file_that_the_server_lost_is_a_difference() {
    let place = Place::landfall().await;
    place.content("a.txt", "0123456789");
    place.write(&[message("1", 1, "file:a"), file("a", "a.txt")]);
    place.import().await;
    place.server.state().files.clear();
    let (groups, report) = compare(&place.file(), &place.server).await;
    assert_eq!((report.different, report.files), (1, Both { file: 1, server: 0 }));
    assert!(groups[0].sentence().contains("message 1 (key 1)"), "{}", groups[0].sentence());
}

#[tokio::test]
async fn contents_of_a_slack_export_in_a_zip_come_along() {
    let place = Place::landfall().await;
    let source = place.directory.path().join("export.zip");
    let mut zip = zip::ZipWriter::new(File::create(&source).unwrap());
    let post = json!([{
        "type": "message", "user": "U1", "ts": "1500000100.000100", "text": "plan",
        "files": [{ "id": "F0A1B2C3D", "name": "plan.png", "mimetype": "image/png", "size": 10,
            "url_private": "https://files.slack.com/F0A1B2C3D/plan.png" }]
    }]);
    for (name, text) in [
        ("acme/users.json", json!([{ "id": "U1", "name": "ann" }]).to_string()),
        (
            "acme/channels.json",
            json!([{ "id": "C1", "name": "general", "created": CREATED, "members": ["U1"] }]).to_string(),
        ),
        ("acme/general/2017-07-14.json", post.to_string()),
        ("acme/__uploads/F0A1B2C3D/plan.png", "0123456789".to_owned()),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let mut faults = Vec::new();
    let spill = place.directory.path();
    let opened = sources::open(&source, &Mapping::default(), &Limits::FAITHFUL, spill, &mut |fault| {
        faults.push(fault)
    });
    let opened = opened.unwrap();
    assert_eq!(faults, []);
    let options = ImportOptions { contents: Arc::clone(&opened.contents), ..ImportOptions::beside(&source) };
    let report = crate::import(&opened.file, &place.server, &options).await;
    assert!(report.finished && report.faults.is_empty(), "{report:?}");
    assert_eq!(files(&report).imported, 1);
    let state = place.server.state();
    assert_eq!(state.files.values().collect::<Vec<_>>(), ["0123456789"]);
    let picture = &state.groups.values().next().unwrap().talks[""][0].body[1]["MsgContent"];
    let address = picture["ImageInfoArray"][0]["URL"].as_str().unwrap();
    assert!(address.starts_with("/files/7/84d8") && address.ends_with("/plan.png"), "{address}");
}

#[tokio::test]
async fn a_content_that_is_damaged_is_a_fault_at_once() {
    let place = Place::landfall().await;
    let archive = place.directory.path().join("export.zip");
    let mut zip = zip::ZipWriter::new(File::create(&archive).unwrap());
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("a.txt", stored).unwrap();
    zip.write_all(b"0123456789").unwrap();
    zip.finish().unwrap();
    let mut bytes = fs::read(&archive).unwrap();
    let at = bytes.windows(10).position(|bytes| bytes == b"0123456789").unwrap();
    bytes[at] = b'x';
    fs::write(&archive, bytes).unwrap();
    place.write(&[message("1", 1, "file:a"), file("a", "a.txt")]);
    let contents = Arc::new(Contents::of_export(&archive).unwrap());
    let options = ImportOptions { contents, ..ImportOptions::beside(&place.file()) };
    let report = crate::import(&place.file(), &place.server, &options).await;
    assert_eq!(report.faults.iter().collect::<Vec<_>>(), [(&"refused", &1)]);
    let failed = fs::read_to_string(options.failed).unwrap();
    assert!(failed.contains("its content cannot be read: Invalid checksum"), "{failed}");
    assert_eq!(place.elements()[0]["MsgContent"]["Text"], "[file that is not there: a ä.txt]");
    assert!(place.server.state().files.is_empty());
}

/// Files, and messages that refer to them.
fn many(contents: &[(u8, bool, bool)], references: &[usize], directory: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    for (number, (content, there, url)) in contents.iter().enumerate() {
        let path = format!("files/{number}");
        let mut line = file(&number.to_string(), &path);
        if *url {
            line["Url"] = format!("https://old/{number}").into();
        }
        lines.push(line);
        if *there {
            fs::create_dir_all(directory.join("files")).unwrap();
            fs::write(directory.join(path), "x".repeat(usize::from(*content) * 1_000 + 1)).unwrap();
        }
    }
    let named = |place: usize, file: usize| {
        let key = if place.is_multiple_of(3) { String::new() } else { place.to_string() };
        message(&key, place, &format!("file:{}", file % contents.len()))
    };
    lines.extend(references.iter().enumerate().map(|(place, file)| named(place, *file)));
    lines
}

async fn through_everything(contents: Vec<(u8, bool, bool)>, references: Vec<usize>, seed: u64) {
    let place = Place::new(crate::landfall(), Troubles::new(seed, if seed == 0 { 0 } else { 60 })).await;
    place.write(&many(&contents, &references, place.directory.path()));
    // Stopped dead a few times on the way.
    let mut random = Troubles::new(seed + 1, 0);
    let source = place.file();
    let options = ImportOptions::beside(&source);
    for _ in 0..4 {
        let mut came = place.server.came.subscribe();
        let until = *came.borrow() + 1 + usize::try_from(random.random(9)).unwrap();
        let import = landfall_migrate::import::run(&source, crate::client(&place.server), &options, &());
        tokio::select! {
            _ = came.wait_for(|came| until <= *came) => {}
            report = import => assert!(report.unwrap().finished),
        }
    }
    let report = place.import().await;
    assert!(report.faults.keys().all(|code| *code == "no_such_file"), "{report:?}");
    let referred = |number: &usize| references.iter().any(|file| file % contents.len() == *number);
    let there: Vec<_> = (0..contents.len()).filter(referred).collect();
    let has = there.iter().filter(|number| contents[**number].1).count() as u64;
    place.assert_equal(Both { file: there.len() as u64, server: has }).await;
    let sent = (place.puts(), place.server.writes());
    let report = place.import().await;
    assert_eq!((place.puts(), place.server.writes()), sent, "{report:?}");
    place.server.assert_histories();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn files_come_in_through_stops_and_troubles_and_are_equal(
        contents in prop::collection::vec((any::<u8>(), prop::bool::weighted(0.8), any::<bool>()), 1..12),
        references in prop::collection::vec(0_usize..12, 1..20),
        seed in 0_u64..1_000,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(through_everything(contents, references, seed));
    }
}

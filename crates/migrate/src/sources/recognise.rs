//! Finds out what a source is by what is in it; its name says nothing.

use super::archive::Archive;
use super::csv::columns;
use super::kind::Format;
use super::sink::ConvertError;
use super::slack;
use crate::format::Record;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How much of a file is looked at, bytes.
const START_BYTES: u64 = 64 << 10;
/// How many files of an archive or folder are looked at.
const FILES_MAX: usize = 100;

/// The format of the source at `path`: a file, a zip archive or a folder.
///
/// # Errors
/// It cannot be read, or is in none of the formats.
pub fn recognise(path: &Path) -> Result<Format, ConvertError> {
    let unreadable = |cause| ConvertError::Unreadable { path: path.to_owned(), cause };
    let not_recognised = |found: String| ConvertError::NotRecognised { path: path.to_owned(), found };
    if Archive::is_one(path).map_err(unreadable)? {
        let mut archive = Archive::open(path)?;
        let found = of_archive(&mut archive).map_err(unreadable)?;
        return found.ok_or_else(|| {
            let first: Vec<&str> = archive.names().take(3).collect();
            not_recognised(if first.is_empty() {
                "it has no files".to_owned()
            } else {
                format!("it has files such as {}", first.join(", "))
            })
        });
    }
    let start = File::open(path).and_then(start).map_err(unreadable)?;
    of_start(&start).ok_or_else(|| not_recognised(description(&start)))
}

fn of_archive(archive: &mut Archive) -> io::Result<Option<Format>> {
    if archive.enter(&slack::MARKS) {
        return Ok(Some(Format::Slack));
    }
    let has_ending = |name: &&str| [".json", ".jsonl", ".csv"].iter().any(|ending| name.ends_with(ending));
    // Telegram's contents lie in one file among many.
    let (first, others): (Vec<&str>, Vec<&str>) =
        archive.names().filter(has_ending).partition(|name| name.rsplit('/').next() == Some("result.json"));
    let names: Vec<String> = first.into_iter().chain(others).take(FILES_MAX).map(str::to_owned).collect();
    for name in names {
        let format = of_start(&start(archive.read(&name)?)?);
        if format.is_some() {
            return Ok(format);
        }
    }
    Ok(None)
}

/// The beginning of a file, unpacked.
fn start(file: impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.take(START_BYTES).read_to_end(&mut start)?;
    let mut unpacked = Vec::new();
    // The beginning of a packed file is cut off, and ends with an error.
    let unpacking = if start.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(start.as_slice()).take(START_BYTES).read_to_end(&mut unpacked)
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        zstd::Decoder::new(start.as_slice())?.take(START_BYTES).read_to_end(&mut unpacked)
    } else {
        return Ok(start);
    };
    match unpacking {
        Ok(_) => Ok(unpacked),
        Err(_) if !unpacked.is_empty() => Ok(unpacked),
        Err(error) => Err(error),
    }
}

/// The format of a file that begins like this.
fn of_start(start: &[u8]) -> Option<Format> {
    let start = start.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(start).trim_ascii_start();
    match start.first()? {
        b'{' => of_object(start),
        b'[' => members(start).contains("item").then_some(Format::Stream),
        _ => columns::find(start).is_ok().then_some(Format::Csv),
    }
}

fn of_object(start: &[u8]) -> Option<Format> {
    let first_line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if std::str::from_utf8(first_line).is_ok_and(|line| Record::parse(line).is_ok()) {
        return Some(Format::Landfall);
    }
    let members = members(start);
    let kind = members.text("type");
    if members.contains("t") {
        Some(Format::Landfall)
    } else if members.contains("guild") && members.contains("channel") {
        Some(Format::Discord)
    } else if kind.is_some() && members.contains("item") {
        Some(Format::Stream)
    } else if kind.is_some_and(|kind| members.contains(kind)) {
        Some(Format::Mattermost)
    } else if members.contains("messages")
        || members.contains("chats")
        || members.contains("personal_information")
    {
        Some(Format::Telegram)
    } else {
        None
    }
}

fn description(start: &[u8]) -> String {
    if start.is_empty() {
        return "it is empty".to_owned();
    }
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return "it is UTF-16; convert it to UTF-8".to_owned();
    }
    let text: String = String::from_utf8_lossy(start).chars().take(40).collect();
    format!("it begins with {text:?}")
}

/// The members of the first object of a JSON text, which may be cut off.
#[derive(Debug, Default)]
struct Found(Vec<(String, Value)>);

impl Found {
    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(member, _)| member == name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member == name).and_then(|(_, value)| value.as_str())
    }
}

fn members(start: &[u8]) -> Found {
    let mut found = Found::default();
    let mut json = serde_json::Deserializer::from_slice(start);
    // What comes before an error counts.
    match Collect(&mut found).deserialize(&mut json) {
        Ok(()) | Err(_) => found,
    }
}

struct Collect<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key::<String>()? {
            self.0.0.push((name, Value::Null));
            let value = object.next_value()?;
            if let Some((_, place)) = self.0.0.last_mut() {
                *place = value;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        list.next_element_seed(Collect(self.0)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write as _;

    #[test]
    fn files_are_recognised_by_how_they_begin() {
        for (start, expected) in [
            (r#"{"t":"account","UserID":"a"}"#, Some(Format::Landfall)),
            (r#"{"t":"friend"}"#, Some(Format::Landfall)),
            (r#"{"type":"version","version":1}"#, Some(Format::Mattermost)),
            (r#"{"type":"user","item":{"id":"a"}}"#, Some(Format::Stream)),
            (r#"[{"type":"user","item":{"id":"a"}},"#, Some(Format::Stream)),
            ("{\n \"guild\": {\"id\": \"1\"},\n \"channel\": {\"id\": \"2\", ", Some(Format::Discord)),
            (
                "{\n \"name\": \"a\",\n \"type\": \"private_group\",\n \"id\": 1,\n \"messages\": [\n {\"id\": 1, \"te",
                Some(Format::Telegram),
            ),
            (r#"{"about":"a","chats":{"list":["#, Some(Format::Telegram)),
            ("\u{feff}time,channel,user,text\n", Some(Format::Csv)),
            ("{\"a\":1}", None),
            ("[1]", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(of_start(start.as_bytes()), expected, "{start}");
        }
    }

    #[test]
    fn archives_and_packed_files_are_recognised_by_what_is_in_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let text = br#"{"t":"account","UserID":"a"}"#;
        fs::write(path("a.csv"), zstd::encode_all(text.as_slice(), 1).unwrap()).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        fs::write(path("b.zip"), gzip.finish().unwrap()).unwrap();
        for (folder, file, text) in [
            ("slack", "export/users.json", "[]"),
            ("telegram", "chat/result.json", "{\"chats\":{}}"),
            ("discord", "general.json", "{\"guild\":{},\"channel\":{}}"),
        ] {
            let file = path(folder).join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        for (name, format) in [
            ("a.csv", Format::Landfall),
            ("b.zip", Format::Landfall),
            ("slack", Format::Slack),
            ("telegram", Format::Telegram),
            ("discord", Format::Discord),
        ] {
            assert_eq!(recognise(&path(name)).unwrap(), format, "{name}");
        }
    }

    #[test]
    fn what_is_not_recognised_is_described() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        for (bytes, expected) in [
            (b"".as_slice(), "it is empty"),
            (b"hello", "it begins with \"hello\""),
            (b"\xff\xfeh\0", "it is UTF-16"),
            (b"PK\x03\x04 cut off", "is cut off or damaged"),
        ] {
            fs::write(&path, bytes).unwrap();
            let error = recognise(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = recognise(&directory.path().join("none")).unwrap_err();
        assert!(matches!(error, ConvertError::Unreadable { .. }));
        fs::remove_file(&path).unwrap();
        let error = recognise(directory.path()).unwrap_err().to_string();
        assert!(error.contains("it has no files"), "{error}");
    }
}

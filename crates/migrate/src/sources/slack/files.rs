//! Files of Slack messages. Exports have links only; some tools that make them put the contents beside.

use super::json;
use crate::sources::archive::Archive;
use crate::sources::builder::model::File;
use serde_json::Value;
use std::collections::BTreeMap;

/// The contents that an export has, by the id of the file.
#[derive(Debug, Default)]
pub(super) struct Attached(BTreeMap<String, String>);

impl Attached {
    /// Finds files whose name or folder begins with the id of a file: `__uploads/F0A1B2C3D/a.png`, `attachments/F0A1B2C3D-a.png`.
    pub(super) fn find(archive: &Archive) -> Self {
        let mut found = BTreeMap::new();
        for name in archive.names().filter(|name| name.contains("/F")) {
            if let Some(id) = name.split('/').skip(1).find_map(file_id) {
                found.entry(id.to_owned()).or_insert_with(|| name.to_owned());
            }
        }
        Self(found)
    }
}

/// The id that a part of a path begins with.
fn file_id(part: &str) -> Option<&str> {
    let end = part.find(|letter: char| !letter.is_ascii_uppercase() && !letter.is_ascii_digit());
    let (id, rest) = part.split_at(end.unwrap_or(part.len()));
    let is_id = id.starts_with('F') && 8 < id.len() && (rest.is_empty() || rest.starts_with(['-', '_']));
    is_id.then_some(id)
}

/// The files of a message.
pub(super) fn of(message: &Value, attached: &Attached, archive: &Archive) -> Vec<File> {
    let one = message.get("file").filter(|file| file.is_object());
    json::items(message, "files").chain(one).filter_map(|file| of_one(file, attached, archive)).collect()
}

fn of_one(file: &Value, attached: &Attached, archive: &Archive) -> Option<File> {
    let key = json::text(file, "id");
    // Deleted ones have nothing left.
    if key.is_empty() || json::text(file, "mode") == "tombstone" {
        return None;
    }
    let url = json::first_text(
        file,
        &["url_private_download", "url_private", "external_url", "permalink", "permalink_public"],
    );
    Some(File {
        key: key.to_owned(),
        path: attached.0.get(key).map(|name| archive.path_of(name)),
        url: without_token(url),
        name: json::first_text(file, &["name", "title"]).to_owned(),
        size: json::number(file, "size"),
        mime: json::text(file, "mimetype").to_owned(),
        width: json::number(file, "original_w"),
        height: json::number(file, "original_h"),
    })
}

/// Addresses in exports carry a token that opens every file of the workspace: not something to put into messages.
fn without_token(url: &str) -> String {
    match url.split_once('?') {
        Some((address, query)) if query.contains("xox") => {
            let kept: Vec<&str> = query.split('&').filter(|part| !part.contains("xox")).collect();
            if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) }
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_taken_out_of_addresses() {
        for (url, expected) in [
            ("https://files/a.png?t=xoxe-1", "https://files/a.png"),
            ("https://files/a.png?a=b&t=xoxe-1", "https://files/a.png?a=b"),
            ("https://files/a.png?a=b", "https://files/a.png?a=b"),
            ("https://files/a.png", "https://files/a.png"),
        ] {
            assert_eq!(without_token(url), expected);
        }
    }

    #[test]
    fn contents_are_known_by_the_id_of_their_file() {
        assert_eq!(file_id("F0A1B2C3D"), Some("F0A1B2C3D"));
        assert_eq!(file_id("F0A1B2C3D-a.png"), Some("F0A1B2C3D"));
        assert_eq!(file_id("FAQ-2019.pdf"), None);
        assert_eq!(file_id("F0A1B2C3D.png"), None);
    }
}

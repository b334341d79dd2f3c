//! Values as sources write them: numbers for times, paths of files.

use crate::sources::builder::model::File;
use serde::{Deserialize, Deserializer};

/// A value, or the default of its type where it is `null`.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    json: D,
) -> Result<T, D::Error> {
    Option::deserialize(json).map(Option::unwrap_or_default)
}

/// A number from 0 on, without its fraction; none for anything else.
pub(crate) fn number<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(json)?;
    // What is no whole number is a fraction or too large: the cast cuts the one and keeps the other in bounds.
    let fraction = |number: f64| (0.0 <= number).then_some(number as u64);
    Ok(value.as_u64().or_else(|| value.as_f64().and_then(fraction)))
}

/// Milliseconds since 1970; sources write 0 for none.
pub(crate) fn positive(ms: Option<i64>) -> Option<u64> {
    ms.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms != 0)
}

/// A file that lies at `path` in the export, known by `key`.
pub(crate) fn file_at(key: &str, path: String) -> File {
    let name = path.rsplit('/').next().unwrap_or_default();
    File {
        key: key.to_owned(),
        name: name.to_owned(),
        mime: image_kind(name).to_owned(),
        path: Some(path),
        ..File::default()
    }
}

/// A file at an address, known by `key`.
pub(crate) fn file_elsewhere(key: String, url: &str, name: &str) -> File {
    let mime = image_kind(name).to_owned();
    File { key, url: url.to_owned(), name: name.to_owned(), mime, ..File::default() }
}

/// The kind of a picture by the ending of its name; empty for other files.
fn image_kind(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("bmp") => "image/bmp",
        Some("webp") => "image/webp",
        Some(_) | None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_name_and_kind_that_its_path_says() {
        let file = file_at("k", "data/a/b.PNG".to_owned());
        assert_eq!((file.key.as_str(), file.name.as_str(), file.mime.as_str()), ("k", "b.PNG", "image/png"));
        assert_eq!(file_at("k", "a/b".to_owned()).mime, "");
    }
}

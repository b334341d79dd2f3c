//! Secrets in a configuration: given directly, or in a file of their own.

use super::paths;
use super::section::{Item, Section};
use crate::secret::{self, SecretFlaw};
use std::io::Read as _;
use std::path::Path;

/// The secret under `key`, or in the file under `file_key`; both are refused, because it would be unclear which one
/// counts. `Some(None)` when there is neither. No problem quotes it.
pub(super) fn secret<T>(
    section: &mut Section<'_>,
    key: &'static str,
    file_key: &'static str,
    parse: impl FnOnce(String) -> Result<T, SecretFlaw>,
) -> Option<Option<T>> {
    let (item, text) = match (section.optional(key), section.optional(file_key)) {
        (Some(item), None) => {
            let text = item.text()?.to_owned();
            (item, text)
        }
        (None, Some(item)) => {
            let text = secret_of_file(&item)?;
            (item, text)
        }
        (Some(_), Some(both)) => {
            both.refuse(format!("cannot be given together with {key}; remove one of them"));
            return None;
        }
        (None, None) => return Some(None),
    };
    parse(text).map_err(|flaw| item.refuse(flaw.to_string())).ok().map(Some)
}

/// The secret in the file that `item` names. The name is not quoted: it may be the secret itself.
fn secret_of_file(item: &Item<'_>) -> Option<String> {
    let path = paths::path(item)?;
    match read_small_file(&path) {
        Ok(text) => Some(secret::of_file(&text).to_owned()),
        Err(error) => {
            let from = if path.is_absolute() { String::new() } else { paths::lead_from(item.folder()) };
            item.refuse(format!("cannot be read: {error}{from}"));
            None
        }
    }
}

/// Reads at most a few kilobytes: a key is short, and the path may name a device.
fn read_small_file(path: &Path) -> std::io::Result<String> {
    const BYTES_MAX: u64 = 4_096;
    let mut text = String::new();
    std::fs::File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if BYTES_MAX < text.len() as u64 {
        return Err(std::io::Error::other(format!("it is longer than {BYTES_MAX} bytes")));
    }
    Ok(text)
}

//! `[files]`: where files that messages refer to are kept, and which are accepted.

use super::paths;
use super::secrets::secret;
use super::section::{Item, Section};
use crate::secret::Secret;
use reqwest::Url;
use std::path::PathBuf;

/// A year: what must stay readable for longer is read with a login.
const ADDRESS_SECONDS_MAX: i64 = 31_536_000;

/// The region that S3-compatible services take which have none.
const REGION_DEFAULT: &str = "us-east-1";

/// Longest prefix of names in a bucket, bytes: a name may have 1024.
const PREFIX_BYTES_MAX: usize = 512;

/// Where files are kept, and which are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesConfig {
    /// Servers over one store need the same.
    pub place: FilesPlace,
    /// Largest file, bytes.
    pub bytes_max: u64,
    /// What names of files may end in, in lower case and without a dot; empty: anything.
    pub extensions: Vec<String>,
    /// How long a signed address is good, seconds.
    pub address_seconds: u64,
}

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesPlace {
    /// `directory:DIRECTORY`
    Directory(PathBuf),
    /// `s3://BUCKET/PREFIX`
    Bucket(BucketConfig),
}

/// A bucket of an S3-compatible service. The secret key prints as `***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketConfig {
    pub name: String,
    /// What names of objects begin with, without `/` at its ends; may be empty.
    pub prefix: String,
    /// The service, `http` or `https`; `None`: that of AWS in the region.
    pub endpoint: Option<Url>,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
}

/// What is written in `url`.
enum Place {
    Directory(PathBuf),
    Bucket { name: String, prefix: String },
}

/// What `[files.s3]` has.
struct Service {
    endpoint: Option<Url>,
    region: String,
    access_key_id: String,
    secret_access_key: Secret,
}

/// Reads the section. `None` when a setting is unusable; its problem is recorded.
pub(super) fn files(section: &mut Section<'_>) -> Option<FilesConfig> {
    let place = section.required("url").and_then(|item| place(&item));
    let bytes_max = section.required("bytes_max").and_then(|item| item.whole_number(1..=1 << 40));
    let extensions = section.required("extensions").and_then(extensions);
    let address_seconds =
        section.required("address_seconds").and_then(|item| item.whole_number(1..=ADDRESS_SECONDS_MAX));
    let service = match section.optional("s3") {
        Some(item) => item.section().and_then(service).map(Some),
        None => Some(None),
    };
    let place = match (place?, service?) {
        (Place::Directory(directory), _) => FilesPlace::Directory(directory),
        (Place::Bucket { name, prefix }, Some(service)) => {
            let Service { endpoint, region, access_key_id, secret_access_key } = service;
            FilesPlace::Bucket(BucketConfig {
                name,
                prefix,
                endpoint,
                region,
                access_key_id,
                secret_access_key,
            })
        }
        (Place::Bucket { .. }, None) => {
            section
                .refuse("s3", "is missing: the bucket needs access_key_id and secret_access_key".to_owned());
            return None;
        }
    };
    Some(FilesConfig {
        place,
        bytes_max: bytes_max?,
        extensions: extensions?,
        address_seconds: address_seconds?,
    })
}

fn place(item: &Item<'_>) -> Option<Place> {
    let text = item.text()?;
    if let Some(directory) = text.strip_prefix("directory:") {
        let written = paths::written(directory).map(|directory| item.folder().join(directory));
        return written.map(Place::Directory).map_err(|problem| item.refuse(problem)).ok();
    }
    let Some(rest) = text.strip_prefix("s3://") else {
        item.refuse(
            "must be directory:DIRECTORY, such as \"directory:./files\", or s3://BUCKET or s3://BUCKET/PREFIX"
                .to_owned(),
        );
        return None;
    };
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if !is_bucket(name) {
        item.refuse("must name a bucket: 3 to 63 letters in lower case, digits, . and -".to_owned());
        return None;
    }
    if !is_prefix(prefix) {
        item.refuse(format!(
            "must have behind the bucket words of letters, digits, ., - and _, joined by /, at most {PREFIX_BYTES_MAX} bytes"
        ));
        return None;
    }
    Some(Place::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
}

fn is_bucket(name: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name.bytes().all(|byte| is_inside(byte) || matches!(byte, b'.' | b'-'))
}

fn is_prefix(prefix: &str) -> bool {
    let is_word = |word: &str| {
        !matches!(word, "" | "." | "..")
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    prefix.is_empty() || (prefix.len() <= PREFIX_BYTES_MAX && prefix.split('/').all(is_word))
}

fn service(mut section: Section<'_>) -> Option<Service> {
    let endpoint = match section.optional("endpoint") {
        Some(item) => endpoint(&item).map(Some),
        None => Some(None),
    };
    let region = match section.optional("region") {
        Some(item) => item.parse("letters, digits and -, such as \"eu-central-1\"", region),
        None => Some(REGION_DEFAULT.to_owned()),
    };
    let access_key_id = section.required("access_key_id").and_then(|item| {
        item.parse("printable characters without spaces", |text| {
            let is_right = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            is_right.then(|| text.to_owned())
        })
    });
    let secret_access_key = secret(&mut section, "secret_access_key", "secret_access_key_file", Secret::new);
    if matches!(secret_access_key, Some(None)) {
        section.refuse("secret_access_key", "is missing; give it, or secret_access_key_file".to_owned());
    }
    section.finish();
    Some(Service {
        endpoint: endpoint?,
        region: region?,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key??,
    })
}

/// The address of a service. It is not quoted: it may have a password in it, by mistake.
fn endpoint(item: &Item<'_>) -> Option<Url> {
    let is_right = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(item.text()?).ok().filter(is_right);
    if url.is_none() {
        item.refuse(
            "must be http://HOST:PORT or https://HOST:PORT, without user, path and query, such as \
             \"https://s3.example.com\""
                .to_owned(),
        );
    }
    url
}

fn region(text: &str) -> Option<String> {
    let is_right = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_right.then(|| text.to_owned())
}

fn extensions(item: Item<'_>) -> Option<Vec<String>> {
    let allowed = "letters and digits in lower case, such as \"png\"";
    let is_right = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let items = item.list()?;
    let read = items.iter().map(|item| item.parse(allowed, |text| is_right(text).then(|| text.to_owned())));
    read.collect::<Vec<_>>().into_iter().collect()
}

//! Signed addresses in what is handed out: in histories, webhooks and frames of clients. What is stored has no signatures.
//!
//! [choice] Each address of a file of the app that is a whole member whose name ends in `Url` gets a signature, made at that
//! moment. One that comes with a signature, as a client that forwards a message may send it, gets a new one.

use super::address::{FileAddress, FileId, FileName};
use crate::usersig::SecretKey;
use landfall_domain::ids::AppId;
use landfall_domain::time::{Clock, Timestamp};
use memchr::memmem;
use std::borrow::Cow;
use std::sync::Arc;

/// What all addresses begin with, up to the slash that some programs escape in JSON.
const BEGIN: &str = "/files";

/// How names of members with addresses end, in lower case.
const MEMBER_END: &[u8] = b"url";

/// Who knows the keys of apps.
pub(crate) trait FileKeys: Send + Sync {
    fn key(&self, app: AppId) -> Option<SecretKey>;
}

/// Makes signers of apps.
pub(crate) struct FileSigners {
    keys: Arc<dyn FileKeys>,
    /// How long a signature is good, at least.
    seconds: u64,
    clock: Arc<dyn Clock>,
}

/// Signs addresses of one app's files.
#[derive(Clone)]
pub struct FileSigner {
    app: AppId,
    shared: Arc<FileSigners>,
}

impl FileSigners {
    pub(crate) fn new(keys: Arc<dyn FileKeys>, seconds: u64, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { keys, seconds, clock })
    }

    pub(crate) fn of(self: &Arc<Self>, app: AppId) -> FileSigner {
        FileSigner { app, shared: Arc::clone(self) }
    }
}

impl FileSigner {
    /// The signed address of a file, and until when it is good.
    pub(crate) fn address(&self, id: FileId, name: FileName) -> Option<(String, Timestamp)> {
        let FileSigners { keys, seconds, clock } = &*self.shared;
        let expires = expires(clock.now(), *seconds);
        let address = FileAddress { app: self.app, id, name };
        Some((address.signed(&keys.key(self.app)?, expires), expires))
    }

    /// JSON in which all addresses of files are signed; everything else is as it was, byte for byte. A text without files, as
    /// most are, is only searched.
    pub(crate) fn signed<'json>(&self, json: &'json str) -> Cow<'json, str> {
        let mut found = memmem::find_iter(json.as_bytes(), BEGIN).peekable();
        if found.peek().is_none() {
            return Cow::Borrowed(json);
        }
        let FileSigners { keys, seconds, clock } = &*self.shared;
        let Some(key) = keys.key(self.app) else { return Cow::Borrowed(json) };
        let expires = expires(clock.now(), *seconds);
        let (mut signed, mut rest) = (String::new(), 0);
        for at in found {
            let Some((token, address)) = address_at(json, at) else { continue };
            if address.app == self.app
                && let Some(before) = json.get(rest..token.start)
            {
                signed.push_str(before);
                // An address has no character that JSON escapes.
                signed.extend(["\"", &address.signed(&key, expires), "\""]);
                rest = token.end;
            }
        }
        match json.get(rest..) {
            Some(after) if rest != 0 => Cow::Owned(signed + after),
            Some(_) | None => Cow::Borrowed(json),
        }
    }
}

/// When a signature that is made now expires: at least so many seconds from now, and up to a quarter more, so that the same address
/// is handed out for a while and browsers find the file in their cache.
fn expires(now: Timestamp, seconds: u64) -> Timestamp {
    let step = (seconds / 4).max(1);
    Timestamp(now.0.saturating_add(seconds).div_ceil(step).saturating_mul(step))
}

/// The address whose root is at `at`, and where its JSON string is; `None` where there is none, or not a whole member.
fn address_at(json: &str, at: usize) -> Option<(std::ops::Range<usize>, FileAddress)> {
    let bytes = json.as_bytes();
    let before = bytes.get(..at)?;
    let before = before.strip_suffix(b"\\").unwrap_or(before);
    let name = before.strip_suffix(b"\"")?;
    let name = name.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let end_of_name = name.last_chunk::<{ MEMBER_END.len() }>()?;
    if !end_of_name.eq_ignore_ascii_case(MEMBER_END) {
        return None;
    }
    let start = before.len() - 1;
    let mut is_escaped = false;
    let length = bytes.get(at..)?.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })?;
    let token = start..at + length + 1;
    let text: String = serde_json::from_str(json.get(token.clone())?).ok()?;
    let path =
        text.split_once('?').map_or(Some(&*text), |(path, query)| is_signature(query).then_some(path))?;
    let address = FileAddress::parse(path).filter(|address| address.to_string() == path)?;
    Some((token, address))
}

/// Whether a query is what [`FileAddress::signed`] adds.
fn is_signature(query: &str) -> bool {
    let parts = query.strip_prefix("expires=").and_then(|rest| rest.split_once("&signature="));
    parts.is_some_and(|(expires, signature)| {
        expires.bytes().all(|byte| byte.is_ascii_digit())
            && signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::files::address::ROOT;

    struct Key;

    impl FileKeys for Key {
        fn key(&self, app: AppId) -> Option<SecretKey> {
            (app == AppId(7)).then(|| SecretKey::new("0123456789abcdef".to_owned()).unwrap())
        }
    }

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp(100)
        }

        fn millis(&self) -> u64 {
            100_000
        }
    }

    /// Signs for the app 7 until the second 200.
    pub(crate) fn signer(app: AppId) -> FileSigner {
        FileSigners::new(Arc::new(Key), 100, Arc::new(Fixed)).of(app)
    }

    fn address() -> String {
        format!("{ROOT}7/{}/Plan%20%C3%A4.png", "ab".repeat(32))
    }

    fn signed() -> String {
        let key = Key.key(AppId(7)).unwrap();
        FileAddress::parse(&address()).unwrap().signed(&key, Timestamp(200))
    }

    #[test]
    fn an_address_stays_the_same_for_a_while_and_is_good_long_enough() {
        for (now, expected) in [(1_000, 1_100), (1_001, 1_125), (1_025, 1_125), (1_026, 1_150)] {
            assert_eq!(expires(Timestamp(now), 100), Timestamp(expected));
        }
        assert_eq!(expires(Timestamp(1_000), 1), Timestamp(1_001));
    }

    #[test]
    fn addresses_are_signed_and_nothing_else_changes() {
        let (address, signed) = (address(), signed());
        assert!(signed.starts_with(&format!("{address}?expires=200&signature=")), "{signed}");
        let escaped = address.replace('/', "\\/");
        let old = format!("{address}?expires=1&signature=abc_-");
        for form in [&address, &escaped, &old] {
            let json = |url: &str| {
                format!(
                    r#"[ {{"n":1.50, "Url" : "{url}","ImageInfoArray":[{{"URL":"{url}"}}],"x":"\u00e4"}} ]"#
                )
            };
            assert_eq!(signer(AppId(7)).signed(&json(form)), json(&signed));
        }
    }

    #[test]
    fn what_is_no_address_of_the_app_stays_as_it_is() {
        let address = address();
        for json in [
            "[]".to_owned(),
            format!(r#"[{{"Text":"{address}"}}]"#),
            format!(r#"["{address}"]"#),
            format!(r#"[{{"Url":"https://chat.example{address}"}}]"#),
            format!(r#"[{{"Url":"{address}?x=1"}}]"#),
            format!(r#"[{{"Url":"{address}?expires=1&signature=a&x"}}]"#),
            format!(r#"[{{"Url":"{}"}}]"#, address.replace("/7/", "/8/")),
            format!(r#"[{{"Url":"{}"}}]"#, address.replace("%20", "%2f")),
            format!(r#"[{{"Data":"{{\"Url\":\"{address}\"}}"}}]"#),
            format!(r#"[{{"Url":"{address}"#),
            r#"[{"Url":"/files"}]"#.to_owned(),
            "/files".to_owned(),
        ] {
            assert_eq!(signer(AppId(7)).signed(&json), json);
        }
        let json = format!(r#"[{{"Url":"{}"}}]"#, address.replace("/7/", "/8/"));
        assert_eq!(signer(AppId(8)).signed(&json), json, "an app without a key");
    }
}

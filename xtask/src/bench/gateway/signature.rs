//! The signatures with which clients connect, made without the server's code, so that no task has to build it.

use crate::bench::target::{APP, KEY};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::ZlibEncoder};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;
use std::io::Write as _;

/// Creation time of all signatures. No account is ever kicked, so the past is as good as the present.
const MADE_SECONDS: u64 = 1_500_000_000;
/// How long they are valid: a hundred years.
const LIFETIME_SECONDS: u64 = 3_155_760_000;

/// The UserSig of an account of the benchmarks' app.
pub(super) fn usersig(account: &str) -> String {
    let document = json!({
        "TLS.ver": "2.0",
        "TLS.identifier": account,
        "TLS.sdkappid": APP,
        "TLS.time": MADE_SECONDS,
        "TLS.expire": LIFETIME_SECONDS,
        "TLS.sig": signature(account),
    });
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let compressed = encoder
        .write_all(document.to_string().as_bytes())
        .and_then(|()| encoder.finish())
        .expect("a Vec takes every byte");
    STANDARD.encode(compressed).replace('+', "*").replace('/', "-").replace('=', "_")
}

fn signature(account: &str) -> String {
    let signed = format!(
        "TLS.identifier:{account}\nTLS.sdkappid:{APP}\nTLS.time:{MADE_SECONDS}\nTLS.expire:{LIFETIME_SECONDS}\n"
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::ZlibDecoder;

    #[test]
    fn a_signature_equals_that_of_another_implementation() {
        // By Python's hmac, hashlib and base64.
        assert_eq!(signature("acc-0000007"), "xGsQDS5mYiFN3dPHXLdxHb9C5bIfr2Mz29rLRVKYlZg=");
    }

    #[test]
    fn a_usersig_contains_its_document() {
        let usersig = usersig("acc-0000007");
        assert!(usersig.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-_".contains(&byte)));
        let compressed = usersig.replace('*', "+").replace('-', "/").replace('_', "=");
        let compressed = STANDARD.decode(compressed).unwrap();
        let document: serde_json::Value = serde_json::from_reader(ZlibDecoder::new(&compressed[..])).unwrap();
        assert_eq!(
            (&document["TLS.identifier"], &document["TLS.sdkappid"]),
            (&json!("acc-0000007"), &json!(APP))
        );
        assert_eq!(document["TLS.sig"], signature("acc-0000007"));
    }
}

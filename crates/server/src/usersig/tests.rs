//! The vectors in `tests/data/usersig-vectors.json` were made by running the published packages (Python, Node, PHP,
//! Go) with made-up keys; their `official_go_verify` and `official_php_verify` are what those verifiers answered.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::io::Write;

/// The claims of a `UserSig`, which prove nothing: only [`verify`] checks the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claims {
    /// The account it is for.
    identifier: String,
    /// The app it is for; wider than [`AppId`], because a document may hold any number.
    app: u64,
    /// When it was made.
    made: Timestamp,
    /// The last second in which it is valid.
    expires: Timestamp,
}

/// Reads the claims of `text`, without checking its signature.
fn read_unverified(text: &str) -> Result<Claims, Problem> {
    let document = Document::read(text)?;
    let expires = document.last_valid();
    Ok(Claims {
        identifier: document.identifier,
        app: document.app,
        made: Timestamp(document.made_seconds),
        expires,
    })
}

const APP: AppId = AppId(1_400_000_001);
const NOW: Timestamp = Timestamp(1_700_000_000);

fn key() -> SecretKey {
    SecretKey::new("d1f0c3a2b4958677e6a5d4c3b2a1908f7e6d5c4b3a29181706f5e4d3c2b1a099".to_owned()).unwrap()
}

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    usersig: String,
    server: Server,
    request: Request,
    now: u64,
    expect: Expect,
    content_to_sign: Option<String>,
}

#[derive(Deserialize)]
struct Server {
    sdkappid: u32,
    key: String,
}

#[derive(Deserialize)]
struct Request {
    sdkappid: u32,
    identifier: String,
}

#[derive(Deserialize)]
struct Expect {
    valid: bool,
    error_code: u32,
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../tests/data/usersig-vectors.json");
    serde_json::from_str::<Vectors>(text).unwrap().vectors
}

/// The documented number of each problem.
fn code(problem: Problem) -> u32 {
    match problem {
        Problem::Empty => 70002,
        Problem::Malformed(_) => 70003,
        Problem::WrongApp => 70014,
        Problem::WrongIdentifier => 70013,
        Problem::Expired => 70001,
        Problem::WrongSignature => 70009,
    }
}

/// A text around any document, correctly packed.
fn pack(json: &[u8]) -> String {
    encode(&zlib(json))
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn encode(compressed: &[u8]) -> String {
    STANDARD.encode(compressed).replace('+', "*").replace('/', "-").replace('=', "_")
}

fn problem_of(text: &str) -> Problem {
    verify(text, APP, "ann", &key(), NOW).unwrap_err().problem
}

#[test]
fn what_the_published_packages_make_is_answered_as_documented() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 40);
    for vector in vectors {
        let key = SecretKey::new(vector.server.key).unwrap();
        assert_eq!(vector.server.sdkappid, vector.request.sdkappid, "{}", vector.id);
        let app = AppId(vector.request.sdkappid);
        let answer = verify(&vector.usersig, app, &vector.request.identifier, &key, Timestamp(vector.now));
        assert_eq!(
            answer.map_or_else(|refused| code(refused.problem), |_| 0),
            vector.expect.error_code,
            "{}: {answer:?}",
            vector.id
        );
        assert_eq!(answer.is_ok(), vector.expect.valid, "{}", vector.id);
        if let Ok(document) = Document::read(&vector.usersig) {
            assert_eq!(Some(document.signed_text()), vector.content_to_sign, "{}", vector.id);
        }
    }
}

#[test]
fn what_is_made_here_is_accepted_up_to_its_last_second() {
    for identifier in ["administrator", "a b", "小军", "\"\\/<>", "é", &"x".repeat(32)] {
        let text = make(identifier, APP, &key(), NOW, 60);
        let last_valid = Timestamp(NOW.0 + 60);
        let good = Ok(Verified { made: NOW, last_valid });
        assert_eq!(verify(&text, APP, identifier, &key(), NOW), good, "{identifier}");
        assert_eq!(verify(&text, APP, identifier, &key(), last_valid), good, "{identifier}");
        assert_eq!(
            verify(&text, APP, identifier, &key(), Timestamp(last_valid.0 + 1)),
            Err(Refused { problem: Problem::Expired, is_genuine: true }),
            "{identifier}"
        );
        let claims = Claims {
            identifier: identifier.to_owned(),
            app: u64::from(APP.0),
            made: NOW,
            expires: last_valid,
        };
        assert_eq!(read_unverified(&text), Ok(claims));
    }
}

#[test]
fn a_lifetime_past_the_end_of_time_does_not_overflow() {
    let text = make("ann", APP, &key(), NOW, u64::MAX);
    let verified = verify(&text, APP, "ann", &key(), Timestamp(u64::MAX)).unwrap();
    assert_eq!(verified.last_valid, Timestamp(u64::MAX));
}

#[test]
fn each_flaw_has_its_name() {
    let good = r#""TLS.identifier":"ann","TLS.sdkappid":1400000001,"TLS.time":1700000000,"TLS.expire":9"#;
    let with = |more: &str| pack(format!("{{{good},{more}}}").as_bytes());
    let whole = zlib(b"{}");
    let mut bad_checksum = whole.clone();
    *bad_checksum.last_mut().unwrap() ^= 1;
    let cases = [
        ("A".repeat(TEXT_BYTES_MAX + 1), Flaw::TextTooLong),
        ("é".to_owned(), Flaw::NotBase64),
        ("eJyr".to_owned() + "eJ", Flaw::NotBase64),
        (encode(b"plain"), Flaw::NotZlib),
        (encode(&bad_checksum), Flaw::NotZlib),
        (encode(&whole[..whole.len() - 1]), Flaw::Truncated),
        (encode(&[whole.as_slice(), b"\0"].concat()), Flaw::TrailingBytes),
        (encode(&[whole.as_slice(), whole.as_slice()].concat()), Flaw::TrailingBytes),
        (pack(b"{}"), Flaw::NotDocument),
        (pack(b"[]"), Flaw::NotDocument),
        (with(r#""TLS.ver":"2.0""#), Flaw::NotDocument),
        (with(r#""TLS.sig":"","TLS.sig":"""#), Flaw::NotDocument),
        (with(r#""TLS.sig":"","TLS.time":1"#), Flaw::NotDocument),
        (with(r#""TLS.sig":""} {"#), Flaw::NotDocument),
        (with(r#""TLS.sig":"","TLS.userbuf":"a\nTLS.x:1""#), Flaw::Ambiguous),
        (pack(br#"{"TLS.identifier":"ann\n","TLS.sig":""}"#), Flaw::Ambiguous),
        (pack(br#"{"TLS.identifier":"ann","TLS.expire":-1,"TLS.sig":""}"#), Flaw::NotDocument),
        // Version 1 has other names and writes numbers as strings.
        (pack(br#"{"TLS.identifier":"ann","TLS.sdk_appid":"1400000001","TLS.sig":1}"#), Flaw::NotDocument),
        (pack(br#"{"TLS.identifier":"ann","TLS.time":"0","TLS.sig":""}"#), Flaw::NotDocument),
    ];
    for (text, flaw) in cases {
        assert_eq!(problem_of(&text), Problem::Malformed(flaw), "{}", &text[..text.len().min(80)]);
    }
}

#[test]
fn a_small_text_cannot_inflate_without_bound() {
    let bomb = pack(&vec![b' '; 1024 * 1024]);
    assert!(bomb.len() <= TEXT_BYTES_MAX, "{}", bomb.len());
    assert_eq!(problem_of(&bomb), Problem::Malformed(Flaw::DocumentTooLong));

    let sized = |bytes: usize| {
        let mut json = br#"{"TLS.identifier":"ann","TLS.sdkappid":1400000001,"TLS.sig":""}"#.to_vec();
        json.resize(bytes, b' ');
        pack(&json)
    };
    assert_eq!(problem_of(&sized(DOCUMENT_BYTES_MAX)), Problem::Expired);
    assert_eq!(problem_of(&sized(DOCUMENT_BYTES_MAX + 1)), Problem::Malformed(Flaw::DocumentTooLong));
}

/// A UserSig that the key signed for another account, app or time is not a guess.
#[test]
fn genuine_signatures_are_distinguished_from_guesses() {
    let other_key = SecretKey::new("another key of an app".to_owned()).unwrap();
    let later = Timestamp(NOW.0 + 61);
    for (key_used, is_genuine) in [(&key(), true), (&other_key, false)] {
        let text = |app: AppId, name: &str| make(name, app, key_used, NOW, 60);
        for (text, now, problem) in [
            (text(AppId(7), "ann"), NOW, Problem::WrongApp),
            (text(APP, "bob"), NOW, Problem::WrongIdentifier),
            (text(APP, "ann"), later, Problem::Expired),
        ] {
            assert_eq!(verify(&text, APP, "ann", &key(), now), Err(Refused { problem, is_genuine }));
        }
    }
    let wrong = Refused { problem: Problem::WrongSignature, is_genuine: false };
    assert_eq!(verify(&make("ann", APP, &other_key, NOW, 60), APP, "ann", &key(), NOW), Err(wrong));
    assert!(!verify("xxx", APP, "ann", &key(), NOW).unwrap_err().is_genuine);
}

/// The largest document that the packages make fits, even one whose compressor leaves it as it is.
#[test]
fn the_longest_document_fits_into_the_longest_text_uncompressed() {
    let document = vec![b' '; DOCUMENT_BYTES_MAX];
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(&document).unwrap();
    let text = encode(&encoder.finish().unwrap());
    assert_eq!(text.len(), TEXT_BYTES_MAX);
    assert_eq!(problem_of(&text), Problem::Malformed(Flaw::NotDocument));
}

#[test]
fn absent_numbers_are_zero_and_unknown_members_are_ignored() {
    let text = "TLS.identifier:ann\nTLS.sdkappid:1400000001\nTLS.time:0\nTLS.expire:0\n";
    let signature = STANDARD.encode(key().sign(text).finalize().into_bytes());
    let json = format!(
        r#"{{"TLS.ver":3,"TLS.identifier":"ann","TLS.sdkappid":1400000001,"x":[{{}}],"TLS.sig":"{signature}"}}"#
    );
    let good = Verified { made: Timestamp(0), last_valid: Timestamp(0) };
    assert_eq!(verify(&pack(json.as_bytes()), APP, "ann", &key(), Timestamp(0)), Ok(good));
}

#[test]
fn an_app_beyond_32_bits_is_another_app() {
    let wide = u64::from(APP.0) + (1 << 32);
    let json = format!(r#"{{"TLS.identifier":"ann","TLS.sdkappid":{wide},"TLS.sig":""}}"#);
    assert_eq!(problem_of(&pack(json.as_bytes())), Problem::WrongApp);
}

#[test]
fn a_name_with_line_feeds_cannot_pass_for_another_account() {
    // Signed for an account that chose its name cleverly ...
    let name = "administrator\nTLS.sdkappid:1400000001\nTLS.time:1700000000\nTLS.expire:99\nTLS.userbuf:";
    let signed = format!("TLS.identifier:{name}\nTLS.sdkappid:1400000001\nTLS.time:7\nTLS.expire:7\n");
    let signature = STANDARD.encode(key().sign(&signed).finalize().into_bytes());
    // ... and read as one of the administrator, over the very same signed text.
    let document = Document {
        identifier: "administrator".to_owned(),
        app: u64::from(APP.0),
        made_seconds: NOW.0,
        lifetime_seconds: 99,
        user_buffer: Some("\nTLS.sdkappid:1400000001\nTLS.time:7\nTLS.expire:7".to_owned()),
        signature,
    };
    assert_eq!(document.signed_text(), signed);
    let answer = verify(&document.write(), APP, "administrator", &key(), NOW);
    assert_eq!(answer.unwrap_err().problem, Problem::Malformed(Flaw::Ambiguous));
}

#[test]
fn keys_are_not_empty_and_never_printed() {
    for (text, flaw) in [
        ("", SecretFlaw::Empty),
        ("0123456789abcde", SecretFlaw::Short(16)),
        ("0123456789abcdef ", SecretFlaw::Space),
        ("\n0123456789abcdef", SecretFlaw::Space),
        ("01234567\n89abcdef", SecretFlaw::Control),
    ] {
        assert_eq!(SecretKey::new(text.to_owned()).err(), Some(flaw), "{text:?}");
    }
    assert!(SecretKey::new("0123456789abcdef".to_owned()).is_ok());
    assert_eq!(format!("{:?} {}", key(), key()), "*** ***");
}

#[test]
fn a_changed_byte_never_passes_other_content() {
    let text = make("ann", APP, &key(), NOW, 60);
    let claims = read_unverified(&text).unwrap();
    for position in 0..text.len() {
        for replacement in [b'A', b'B', b'z', b'0', b'9', b'*', b'-', b'_', b'+', b' '] {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = replacement;
            let changed = String::from_utf8(bytes).unwrap();
            if verify(&changed, APP, "ann", &key(), NOW).is_ok() {
                assert_eq!(read_unverified(&changed).as_ref(), Ok(&claims), "byte {position}: {changed}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics_or_is_let_in(text in any::<String>()) {
        prop_assert!(verify(&text, APP, "ann", &key(), NOW).is_err());
    }

    #[test]
    fn no_packed_bytes_panic_or_are_let_in(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify(&encode(&bytes), APP, "ann", &key(), NOW).is_err());
        prop_assert!(verify(&pack(&bytes), APP, "ann", &key(), NOW).is_err());
    }

    #[test]
    fn no_document_without_the_key_is_let_in(
        made in any::<u64>(), lifetime in any::<u64>(), other_key in "[0-9a-f]{64}", buffer in ".{0,20}"
    ) {
        let other_key = SecretKey::new(other_key).unwrap();
        let mut document = Document {
            identifier: "ann".to_owned(),
            app: u64::from(APP.0),
            made_seconds: made,
            lifetime_seconds: lifetime,
            user_buffer: Some(buffer),
            signature: String::new(),
        };
        document.signature = STANDARD.encode(other_key.sign(&document.signed_text()).finalize().into_bytes());
        prop_assert!(verify(&document.write(), APP, "ann", &key(), NOW).is_err());
    }

    #[test]
    fn a_round_trip_keeps_name_and_times(
        identifier in "[^\n]{1,32}", app in any::<u32>(), made in any::<u64>(), lifetime in any::<u64>()
    ) {
        let made = Timestamp(made);
        let text = make(&identifier, AppId(app), &key(), made, lifetime);
        let last_valid = Timestamp(made.0.saturating_add(lifetime));
        let expected = Ok(Verified { made, last_valid });
        prop_assert_eq!(verify(&text, AppId(app), &identifier, &key(), made), expected);
    }
}

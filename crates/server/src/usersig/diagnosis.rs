//! Why a UserSig does not work, and what to do about it: for people who look for the cause.

use super::document::Document;
use super::{Flaw, Problem, Refused, SecretKey, verify};
use landfall_domain::ids::AppId;
use landfall_domain::time::Timestamp;

/// What a UserSig says, whether it is genuine or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub app: u64,
    pub identifier: String,
    pub made: Timestamp,
    pub last_valid: Timestamp,
}

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// `None` where it cannot be read.
    pub claims: Option<Claims>,
    /// Why it is refused; `None`: it is accepted.
    pub problem: Option<Problem>,
    /// What to do.
    pub advice: &'static str,
}

/// Checks a UserSig for an app and an account; without an account, for the one that it names.
#[must_use]
pub fn diagnose(
    text: &str,
    app: AppId,
    identifier: Option<&str>,
    key: &SecretKey,
    now: Timestamp,
) -> Diagnosis {
    let document = Document::read(text).ok();
    let claims = document.map(|document| Claims {
        app: document.app,
        last_valid: document.last_valid(),
        made: Timestamp(document.made_seconds),
        identifier: document.identifier,
    });
    let named = claims.as_ref().map(|claims| claims.identifier.clone()).unwrap_or_default();
    let checked = verify(text, app, identifier.unwrap_or(&named), key, now);
    let refused = checked.err();
    let advice = refused.map_or(VALID, |refused| advice(text, refused));
    Diagnosis { claims, problem: refused.map(|refused| refused.problem), advice }
}

const VALID: &str = "It is valid. If calls are still refused, the account is no administrator of the app (60010), or was \
    kicked after the signature was made (70052).";

/// What to do about a refusal.
fn advice(text: &str, Refused { problem, is_genuine }: Refused) -> &'static str {
    match problem {
        Problem::Empty => "Give a UserSig: the parameter usersig is there and has no value.",
        Problem::Malformed(_) if text.contains('%') => {
            "It is still percent-encoded: undo that once. In a URL it is encoded once, never twice."
        }
        Problem::Malformed(_) if text.contains([' ', '\n', '\t', '"']) => {
            "Remove the spaces, line ends or quotation marks that came with it when it was copied."
        }
        Problem::Malformed(flaw) => advice_on_flaw(flaw),
        Problem::WrongApp => {
            "Choose the app that it was made for, or make another with the SDKAppID and the key of this app."
        }
        Problem::WrongIdentifier => {
            "Give the account that it was made for as identifier. Upper and lower case differ; a space or a plus \
             sign in a name must be percent-encoded in the URL."
        }
        Problem::Expired => {
            "Make another, with a longer life if clients stay connected for long, and look whether the clock of the \
             machine that makes it is right."
        }
        Problem::WrongSignature if is_genuine => "Make another.",
        Problem::WrongSignature => {
            "Make it with the secret key of this app. Take the key as the text that it is, never decoded from \
             hexadecimal digits, without a space or a line end behind it; after a rotation take the new one."
        }
    }
}

fn advice_on_flaw(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::TextTooLong | Flaw::DocumentTooLong => "This is something else, or several of them at once.",
        Flaw::NotBase64 | Flaw::Truncated => {
            "A part is missing: copy it whole, its last characters included."
        }
        Flaw::NotZlib | Flaw::TrailingBytes => {
            "This is no UserSig, or characters were changed on the way. Its base64 has *, - and _ for +, / and =."
        }
        Flaw::NotDocument => {
            "It is of version 1 (ECDSA), which is not read. Make it with a TLSSigAPIv2 package and the app's secret key."
        }
        Flaw::Ambiguous => "The account's name has a line end: take another name.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usersig::make;

    const NOW: Timestamp = Timestamp(1_000_000);
    const APP: AppId = AppId(1_400_000_001);

    fn key(text: &str) -> SecretKey {
        SecretKey::new(text.to_owned()).unwrap()
    }

    fn check(text: &str, app: AppId, identifier: Option<&str>) -> Diagnosis {
        diagnose(text, app, identifier, &key("0123456789abcdef"), NOW)
    }

    #[test]
    fn a_valid_one_is_shown_with_what_it_says() {
        let sig = make("ann", APP, &key("0123456789abcdef"), NOW, 60);
        let found = check(&sig, APP, None);
        assert_eq!(found.problem, None);
        let claims = found.claims.unwrap();
        assert_eq!((claims.app, claims.identifier.as_str()), (1_400_000_001, "ann"));
        assert_eq!((claims.made, claims.last_valid), (NOW, Timestamp(NOW.0 + 60)));
    }

    #[test]
    fn every_cause_has_its_own_advice() {
        let good = make("ann", APP, &key("0123456789abcdef"), NOW, 60);
        let old = make("ann", APP, &key("0123456789abcdef"), Timestamp(1), 60);
        let foreign = make("ann", APP, &key("another-key-of-16"), NOW, 60);
        let encoded = good.replace('*', "%2A") + "%3D";
        let cases = [
            (check("", APP, None), "has no value"),
            (check(&encoded, APP, None), "percent-encoded"),
            (check(&format!("{good}\n"), APP, None), "line ends"),
            (check(&good[..good.len() - 5], APP, None), "copy it whole"),
            (check("aGVsbG8_", APP, None), "no UserSig"),
            (check(&good, AppId(2), None), "Choose the app"),
            (check(&good, APP, Some("Ann")), "Upper and lower case"),
            (check(&old, APP, None), "longer life"),
            (check(&foreign, APP, None), "secret key of this app"),
        ];
        for (found, words) in cases {
            assert!(found.problem.is_some() && found.advice.contains(words), "{words}: {found:?}");
        }
    }
}

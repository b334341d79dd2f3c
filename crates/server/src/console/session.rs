//! Sessions: a browser keeps a random token in a cookie that no script can read, the store keeps its hash.
//!
//! [choice] A session of the console ends 12 hours after the sign-in.

use super::users;
use crate::state::Server;
use hyper::HeaderMap;
use hyper::header::{self, HeaderValue};
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::people::Subject;
use landfall_domain::people::console::{ConsoleName, ConsoleRole, INSTALLATION, SessionKey};
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::console_sessions::{BeginConsoleSession, EndConsoleSession};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::time::Timestamp;
use sha2::{Digest as _, Sha256};

const SESSION_SECONDS: u32 = 12 * 60 * 60;

/// How long a sign-in page may lie open, seconds.
const SIGN_IN_SECONDS: u32 = 60 * 60;

const SESSION_COOKIE: &str = "landfall_console";
const SIGN_IN_COOKIE: &str = "landfall_sign_in";

/// Hexadecimal digits of a token.
const DIGITS: usize = 64;

/// A user that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) name: ConsoleName,
    pub(crate) role: ConsoleRole,
    /// What every form of this session carries.
    pub(crate) form_token: String,
    key: SessionKey,
}

impl Session {
    pub(crate) fn may_change(&self) -> bool {
        match self.role {
            ConsoleRole::Administrator => true,
            ConsoleRole::Viewer => false,
        }
    }
}

/// A random secret in a cookie.
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; DIGITS / 2];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex(&bytes)))
    }

    /// The token in the cookie called `name`.
    fn in_cookie(headers: &HeaderMap, name: &str) -> Option<Self> {
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut cookies =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = cookies.find(|(found, _)| *found == name)?;
        let is_token = value.len() == DIGITS && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_token.then(|| Self(value.to_owned()))
    }

    fn key(&self) -> SessionKey {
        SessionKey(Sha256::digest(&self.0).into())
    }

    /// What forms carry. It follows from the token, and the token does not follow from it.
    pub(crate) fn form_token(&self) -> String {
        hex(&Sha256::digest(format!("form {}", self.0)))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
    one.len() == other.len() && differences == 0
}

/// The session of a request; `None` when nobody is signed in.
pub(crate) async fn find(server: &Server, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
    let Some(token) = Token::in_cookie(headers, SESSION_COOKIE) else { return Ok(None) };
    let key = token.key();
    let place = (Subject::App, FactKey::ConsoleSession(key));
    let needs = PeopleNeeds { facts: vec![place.clone()], ..PeopleNeeds::default() };
    let mut found = server.store.people(INSTALLATION, needs).await?;
    let Some(Fact::ConsoleSession(session)) = found.facts.remove(&place) else { return Ok(None) };
    if session.ends <= server.clock.now() {
        return Ok(None);
    }
    // The role is what it is now, not what it was at the sign-in.
    let user = users::find(&*server.store, &session.user).await?;
    Ok(user.map(|user| Session { name: session.user, role: user.role, form_token: token.form_token(), key }))
}

/// Begins a session of a user, whose password was checked. Answers the cookie; `None` when the user was removed meanwhile.
pub(crate) async fn begin(
    server: &Server,
    token: &Token,
    user: ConsoleName,
    now: Timestamp,
) -> Result<Option<HeaderValue>, StoreError> {
    let begin = BeginConsoleSession { key: token.key(), user, ends: now.plus(SESSION_SECONDS) };
    match import_people(&*server.store, users::context(now), begin).await {
        Ok(()) => {
            Ok(Some(cookie(SESSION_COOKIE, &token.0, "/console", SESSION_SECONDS, server.console.secure)))
        }
        Err(OperationError::Refused(_)) => Ok(None),
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// Ends a session. Answers a cookie that takes the place of its own.
pub(crate) async fn end(server: &Server, session: &Session) -> Result<HeaderValue, StoreError> {
    let context = users::context(server.clock.now());
    match import_people(&*server.store, context, EndConsoleSession(session.key)).await {
        Ok(()) => Ok(cookie(SESSION_COOKIE, "", "/console", 0, server.console.secure)),
        Err(OperationError::Refused(never)) => match never {},
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// The cookie of a sign-in page, which its form is compared with.
pub(crate) fn sign_in_cookie(server: &Server, token: &Token) -> HeaderValue {
    cookie(SIGN_IN_COOKIE, &token.0, "/console/sign-in", SIGN_IN_SECONDS, server.console.secure)
}

/// The token that the form of a sign-in page must carry.
pub(crate) fn sign_in_form_token(headers: &HeaderMap) -> Option<String> {
    Token::in_cookie(headers, SIGN_IN_COOKIE).map(|token| token.form_token())
}

fn cookie(name: &str, value: &str, path: &str, seconds: u32, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn tokens_are_found_among_other_cookies() {
        const GOOD: &str =
            "a=b; landfall_console=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef;c";
        let token = Token::in_cookie(&headers(&["x=y", GOOD]), SESSION_COOKIE).unwrap();
        assert!(token.0.starts_with("0123456789abcdef"));
        for bad in [
            "",
            "landfall_console",
            "landfall_console=",
            "landfall_console=0123",
            "landfall_console=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg",
            "xlandfall_console=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert!(Token::in_cookie(&headers(&[bad]), SESSION_COOKIE).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_forms_carry_is_of_one_session_and_gives_nothing_away() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one.form_token(), other.form_token());
        assert_ne!(one.form_token(), one.0);
        assert_ne!(one.form_token(), one.key().to_string());
        assert!(same(&one.form_token(), &Token(one.0.clone()).form_token()));
        assert!(!same("", "a") && !same("ab", "ac") && same("", ""));
    }

    #[test]
    fn cookies_are_closed_to_scripts_and_other_sites() {
        let plain = cookie(SESSION_COOKIE, "ab", "/console", 60, false);
        assert_eq!(plain, "landfall_console=ab; Path=/console; Max-Age=60; HttpOnly; SameSite=Strict");
        assert!(cookie(SESSION_COOKIE, "ab", "/console", 60, true).to_str().unwrap().ends_with("; Secure"));
    }
}

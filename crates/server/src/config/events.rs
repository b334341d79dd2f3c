//! `[events]`: the transport of events between servers.

use super::section::Section;
use super::{EventsConfig, NatsConfig, NatsLogin};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::fmt;

/// Longest subject, in bytes. NATS itself accepts longer ones with a warning.
const SUBJECT_BYTES_MAX: usize = 255;

/// Reads the section. `None` when a setting is unusable; its problem is recorded.
pub(super) fn events(section: &mut Section<'_>) -> Option<EventsConfig> {
    // Each setting is read before the first `?`, so that one problem hides no other.
    let nats = match section.optional("nats") {
        None => Some(None),
        Some(item) => item.text().and_then(|text| {
            let servers = servers(text);
            servers.map_err(|problem| item.refuse(problem.to_owned())).ok().map(Some)
        }),
    };
    let subject = section.required("subject").and_then(|item| {
        item.parse("words of letters, digits, - and _, joined by dots, 255 bytes at most", |text| {
            is_subject(text).then(|| text.to_owned())
        })
    });
    let (nats, subject) = (nats?, subject?);
    Some(EventsConfig { nats: nats.map(|(servers, login)| NatsConfig { servers, login, subject }) })
}

/// Whether `text` is a subject without wildcards: each installation has one of its own.
fn is_subject(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= SUBJECT_BYTES_MAX && text.split('.').all(is_word)
}

/// The servers of a list and the login for all of them, which the protocol keeps in their addresses. A problem
/// never quotes an address, since it may hold a password.
fn servers(text: &str) -> Result<(Vec<Url>, Option<NatsLogin>), &'static str> {
    let (mut servers, mut login) = (Vec::new(), None);
    for address in text.split(',') {
        let (server, its_login) = server(address.trim())?;
        servers.push(server);
        if let Some(its) = its_login
            && *login.get_or_insert_with(|| its.clone()) != its
        {
            return Err(
                "must have the same user and password for all servers; it is enough to give them once",
            );
        }
    }
    Ok((servers, login))
}

fn server(address: &str) -> Result<(Url, Option<NatsLogin>), &'static str> {
    const FORM: &str = "must be nats://HOST:PORT or tls://HOST:PORT, with USER:PASSWORD@ before the host where that \
                        is needed; several are joined by commas";
    let mut url = Url::parse(address).map_err(|_| FORM)?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "nats" | "tls") || !bare || url.host_str().is_none_or(str::is_empty) {
        return Err(FORM);
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(|text| text.into_owned()).map_err(|_| "must have a user and password that are UTF-8")
    };
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        ("", Some(_)) => return Err("has a password without a user"),
        (token, None) => Some(NatsLogin::Token(decoded(token)?)),
        (name, Some(password)) => {
            Some(NatsLogin::User { name: decoded(name)?, password: decoded(password)? })
        }
    };
    // The library would print user and password.
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| FORM)?;
    Ok((url, login))
}

impl fmt::Debug for NatsLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for NatsConfig {
    /// Prints `***` for the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.servers.iter().enumerate() {
            let login = if self.login.is_some() { "***@" } else { "" };
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}://{login}{}", server.scheme(), server.host_str().unwrap_or_default())?;
            if let Some(port) = server.port() {
                write!(f, ":{port}")?;
            }
        }
        Ok(())
    }
}

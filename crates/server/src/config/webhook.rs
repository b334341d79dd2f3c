//! `[app.webhook]`: the receiver of an app's webhooks.

use super::paths::path;
use super::secrets::secret;
use super::section::{Item, Location, Section, closest};
use super::{Events, OnTimeout, TlsConfig, WebhookConfig};
use crate::webhook::address::is_public;
use crate::webhook::events::{EVENTS, caused};
use crate::webhook::token::Token;
use crate::webhook::url::{self, literal};
use reqwest::Url;
use std::collections::BTreeSet;

/// The default waits: short ones for a receiver that restarts, then long ones for one that is down.
const RETRY_SECONDS_DEFAULT: [u32; 7] = [1, 5, 30, 120, 600, 1_800, 3_600];

/// Most retries of one event.
const RETRIES_MAX: usize = 50;

/// A day: a receiver that is away for longer reads the state instead of the events that led to it.
const RETRY_SECONDS_MAX: i64 = 86_400;

/// Reads the section. `None` when a setting is unusable; its problem is recorded.
pub(super) fn webhook(section: &mut Section<'_>) -> Option<WebhookConfig> {
    // Each setting is read before the first `?`, so that one problem hides no other.
    let url = section.required("url").and_then(receiver);
    let token = secret(section, "token", "token_file", Token::new);
    let events = section.optional("events").map_or(Some(Events::All), events);
    let allow_private = section.optional("allow_private").map_or(Some(false), Item::flag);
    let on_timeout = section.optional("on_timeout").map_or(Some(OnTimeout::Allow), |item| {
        item.choice(&[("allow", OnTimeout::Allow), ("refuse", OnTimeout::Refuse)])
    });
    let retry_seconds =
        section.optional("retry_seconds").map_or(Some(RETRY_SECONDS_DEFAULT.to_vec()), retry_seconds);
    let scheme = url.as_ref().map(|(url, _)| url.scheme());
    let ca = match section.optional("ca") {
        Some(item) => for_https(&item, scheme).and_then(|()| path(&item)).map(Some),
        None => Some(None),
    };
    let client = client(section, scheme);
    let (url, location) = url?;
    let allow_private = allow_private?;
    if !allow_private && is_private(&url) {
        location.refuse(
            "is in a private network or on this machine; to call it, set allow_private = true".to_owned(),
        );
        return None;
    }
    Some(WebhookConfig {
        url,
        token: token?,
        events: events?,
        allow_private,
        on_timeout: on_timeout?,
        retry_seconds: retry_seconds?,
        ca: ca?,
        client: client?,
    })
}

/// The URL of the receiver, with its location. No problem quotes the URL, which may wrongly hold a password.
fn receiver(item: Item<'_>) -> Option<(Url, Location<'_>)> {
    let location = item.location();
    match url::parse(item.text()?) {
        Ok(url) => Some((url, location)),
        Err(problem) => {
            location.refuse(problem.to_string());
            None
        }
    }
}

/// Whether the URL shows, without a DNS lookup, that the address is not public.
fn is_private(url: &Url) -> bool {
    let is_this_machine = |host: &str| host == "localhost" || host.ends_with(".localhost");
    literal(url).is_some_and(|address| !is_public(address)) || url.host_str().is_some_and(is_this_machine)
}

fn events(item: Item<'_>) -> Option<Events> {
    let location = item.location();
    let items = item.list()?;
    if items.is_empty() {
        location.refuse(
            "must name at least one event, or \"all\"; to send none, take the section out".to_owned(),
        );
        return None;
    }
    let words: Vec<Option<Word>> = items.iter().map(event).collect();
    let words = words.into_iter().collect::<Option<Vec<_>>>()?;
    let names = words.iter().map(|word| match word {
        Word::All => None,
        Word::Event(name) => Some(*name),
    });
    Some(names.collect::<Option<BTreeSet<_>>>().map_or(Events::All, Events::Named))
}

/// An entry of `events`.
#[derive(Clone, Copy)]
enum Word {
    All,
    Event(&'static str),
}

fn event(item: &Item<'_>) -> Option<Word> {
    let word = item.text()?;
    if word == "all" {
        return Some(Word::All);
    }
    if let Some(event) = EVENTS.iter().find(|event| event.name == word) {
        if event.is_caused() {
            return Some(Word::Event(event.name));
        }
        // The operator would wait for it in vain.
        item.refuse(match event.calls().as_slice() {
            [] if event.is_always_sent() => {
                "is an event that is always sent in this version; take it out".to_owned()
            }
            [] => "is an event that nothing causes in this version; take it out".to_owned(),
            calls => {
                let calls = calls.join(" and ");
                format!("is an event that only {calls} would cause, not built in this version; take it out")
            }
        });
        return None;
    }
    // The most common mistake is to omit the part before the dot.
    let without_service =
        |name: &str| name.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(word));
    let caused: Vec<&str> = caused().collect();
    let near = caused.iter().find(|name| name.eq_ignore_ascii_case(word) || without_service(name));
    item.refuse(match near.copied().or_else(|| closest(word, &caused)) {
        Some(near) => format!("is not an event that can be sent; did you mean {near:?}?"),
        None => "is not an event that can be sent; `landfall config --default` lists them".to_owned(),
    });
    None
}

fn retry_seconds(item: Item<'_>) -> Option<Vec<u32>> {
    let location = item.location();
    let items = item.list()?;
    if RETRIES_MAX < items.len() {
        location.refuse(format!("must have at most {RETRIES_MAX} entries; found {}", items.len()));
        return None;
    }
    let seconds: Vec<Option<u32>> =
        items.into_iter().map(|item| item.whole_number(1..=RETRY_SECONDS_MAX)).collect();
    seconds.into_iter().collect()
}

fn client(section: &mut Section<'_>, scheme: Option<&str>) -> Option<Option<TlsConfig>> {
    match (section.optional("client_cert"), section.optional("client_key")) {
        (None, None) => Some(None),
        (Some(cert), Some(key)) => {
            let usable = for_https(&cert, scheme);
            let (cert, key) = (path(&cert), path(&key));
            usable?;
            Some(Some(TlsConfig { cert: cert?, key: key? }))
        }
        (Some(alone), None) => {
            alone.refuse("needs client_key beside it".to_owned());
            None
        }
        (None, Some(alone)) => {
            alone.refuse("needs client_cert beside it".to_owned());
            None
        }
    }
}

/// Refuses a setting that has no effect over http. Does nothing while the scheme is not known.
fn for_https(item: &Item<'_>, scheme: Option<&str>) -> Option<()> {
    if scheme == Some("http") {
        item.refuse("is for https, but the url begins with http".to_owned());
        return None;
    }
    Some(())
}

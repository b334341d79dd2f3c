//! The table of all commands of the API, built or planned.

mod account;
pub mod all_member_push;
pub mod config_svc;
pub mod follow;
mod forbidden;
pub mod group_open_attr_http_svc;
pub mod group_open_avchatroom_http_svc;
pub mod group_open_http_svc;
pub mod im_open_login_svc;
pub mod landfall_import_svc;
pub mod member_svc;
pub mod message_body;
mod message_seq;
pub mod million_group_open_http_svc;
pub mod official_account_open_http_svc;
pub mod open_msg_svc;
pub mod openconfigsvr;
pub mod openim;
pub mod openim_dirty_words;
pub mod openim_msg_ext_http_svc;
pub mod profile;
pub mod recentcontact;
mod refusal;
pub mod sns;
mod table;
pub mod topic;
pub mod webhook_svc;

use crate::call::{Call, Command, ImportCommand, ToEnd};
use crate::code::Code;
use crate::json;
use crate::reply::{self, Failure};
use crate::schema::schema_of;
use hyper::body::Incoming;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

pub use table::{COMMANDS, OWN, SERVICES, command_list, reason_of, section_of};

pub struct Entry {
    /// `service/command`, as in the URL.
    pub path: &'static str,
    /// `None` while the command is only planned.
    pub run: Option<Run>,
    /// Makes the JSON Schema of its requests; `None` while the command is only planned.
    pub schema: Option<fn() -> Value>,
    /// Of the common call frequency, one part in so many applies. [doc]
    pub rate_divisor: u32,
    /// Lists that a failure carries too, empty: strict clients cannot read an answer without them. [client]
    pub lists_on_failure: &'static [&'static str],
    /// Takes the body as it arrives, instead of [`run`](Self::run), which then answers calls without one.
    pub stream: Option<Stream>,
}

/// Runs a command on a body that is too large to be held. Returns the body of the answer.
pub type Stream = fn(Call, StreamedBody) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>> + Send>>;

/// A body that arrives.
pub struct StreamedBody {
    pub body: Incoming,
    /// To be called whenever some of it arrives.
    pub on_data: Box<dyn Fn() + Send + Sync>,
}

/// Runs a command on the body of a request. Returns the body of the answer.
pub type Run = fn(Call, Vec<u8>) -> ToEnd;

/// A service, and what differs by service.
#[derive(Debug)]
pub struct Service {
    /// As in the URL.
    pub name: &'static str,
    /// Code for a body that is not JSON.
    pub bad_json: Code,
    /// Text for a body that is not JSON.
    pub bad_json_text: &'static str,
    /// Code for a command that the service does not have.
    pub unknown_command: Code,
    /// Code for an internal error before the command runs.
    pub internal: Code,
    /// Whether its answers carry `ErrorDisplay`.
    pub error_display: bool,
}

/// The row of a command. A command whose path says "import" must be an [`ImportCommand`], else the table does not compile.
const fn entry<C: Command>() -> Entry {
    assert!(!is_import(C::PATH), "a command that is called an import must be an ImportCommand");
    Entry::new(C::PATH, Some(run::<C>), Some(schema_of::<C>))
}

const fn import<C: ImportCommand>() -> Entry {
    Entry::new(C::PATH, Some(run_import::<C>), Some(schema_of::<C>))
}

/// The row of an import that can also deliver, as documented: what it imports silently is silent by the type of its operation.
const fn delivering_import<C: Command>() -> Entry {
    Entry::new(C::PATH, Some(run::<C>), Some(schema_of::<C>))
}

const fn planned(path: &'static str) -> Entry {
    Entry::new(path, None, None)
}

const fn is_import(path: &str) -> bool {
    let mut rest = path.as_bytes();
    while let Some((_, behind)) = rest.split_first() {
        if let [b'i', b'm', b'p', b'o', b'r', b't', ..] = rest {
            return true;
        }
        rest = behind;
    }
    false
}

impl Entry {
    const fn new(path: &'static str, run: Option<Run>, schema: Option<fn() -> Value>) -> Self {
        Self { path, run, schema, rate_divisor: 1, lists_on_failure: &[], stream: None }
    }

    const fn streaming(mut self, stream: Stream) -> Self {
        self.stream = Some(stream);
        self
    }

    const fn at_half_rate(mut self) -> Self {
        self.rate_divisor = 2;
        self
    }

    const fn at_a_twentieth(mut self) -> Self {
        self.rate_divisor = 20;
        self
    }

    const fn with_lists_on_failure(mut self, names: &'static [&'static str]) -> Self {
        self.lists_on_failure = names;
        self
    }

    #[must_use]
    pub fn service(&self) -> &'static str {
        self.path.split_once('/').map_or(self.path, |(service, _)| service)
    }

    #[must_use]
    pub fn command(&self) -> &'static str {
        self.path.split_once('/').map_or("", |(_, command)| command)
    }
}

fn run<C: Command>(call: Call, body: Vec<u8>) -> ToEnd {
    ToEnd::new(async move {
        let request: C = read_body(C::PATH, &body)?;
        answer(C::PATH, &request.run(&call).await?, call.limits.reply_bytes)
    })
}

fn run_import<C: ImportCommand>(call: Call, body: Vec<u8>) -> ToEnd {
    let call = call.into_silent();
    ToEnd::new(async move {
        let request: C = read_body(C::PATH, &body)?;
        answer(C::PATH, &request.run(&call).await?, call.limits.reply_bytes)
    })
}

/// The body of a success of the command at `path`, at most `max` bytes long.
fn answer(path: &str, reply: &impl Serialize, max: usize) -> Result<Vec<u8>, Failure> {
    let service = path.split_once('/').and_then(|(service, _)| self::service(service));
    let with_display = service.is_some_and(|service| service.error_display);
    let answer = reply::success(reply, with_display).map_err(|error| Code::GroupInternal.internal(error))?;
    if max < answer.len() {
        return Err(Code::GroupReplyTooLarge
            .because(format!("the answer is {} bytes long; at most {max} are allowed", answer.len())));
    }
    Ok(answer)
}

fn read_body<T: DeserializeOwned + Default>(path: &str, body: &[u8]) -> Result<T, Failure> {
    parse_body(body).map_err(|problem| {
        let service = path.split_once('/').and_then(|(service, _)| self::service(service));
        let (code, text) = service.map_or((Code::JsonParse, "the body is not JSON"), |service| {
            (service.bad_json, service.bad_json_text)
        });
        code.because(format!("{text}: {problem}"))
    })
}

/// `[]` means `{}`, because PHP writes an empty object so. [client]
fn parse_body<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, String> {
    let body = body.trim_ascii();
    match body.first() {
        None => Err("it is empty; send {} where there is nothing to say".to_owned()),
        Some(b'{') => serde_json::from_slice(body).map_err(|error| json::unreadable_body(&error)),
        Some(b'[')
            if body
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"))
                .is_some_and(|inside| inside.trim_ascii().is_empty()) =>
        {
            Ok(T::default())
        }
        Some(_) => Err("it is not a JSON object".to_owned()),
    }
}

/// The index in [`COMMANDS`] of the command at `service/command`.
#[must_use]
pub fn index_of(path: &str) -> Option<usize> {
    static INDEX: LazyLock<BTreeMap<&str, usize>> =
        LazyLock::new(|| COMMANDS.iter().enumerate().map(|(index, entry)| (entry.path, index)).collect());
    INDEX.get(path).copied()
}

#[must_use]
pub fn service(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

/// The failure of a command that is not in the table; its code depends on the service.
#[must_use]
pub fn unknown(service_name: &str, command: &str) -> Failure {
    match service(service_name) {
        None => Code::ResourceUnknown.because(format!("there is no service {service_name:?}")),
        Some(service) if service.unknown_command != Code::ResourceUnknown => {
            service.unknown_command.because(format!("{service_name} has no command {command:?}"))
        }
        // As the service answers a command of another service. [sample]
        Some(_) if COMMANDS.iter().any(|entry| entry.command() == command) => Code::TimeoutOrFormat
            .because("service timeout or request format error,please check and try again"),
        Some(_) => Code::ResourceUnknown.because(format!("{service_name} has no command {command:?}")),
    }
}

//! What a page works with: a user that looks, or an administrator that changes something.
//!
//! Only the console's [site](super::site) makes a [`Change`], after it has checked that the request comes from a form of this
//! session and that the user is an administrator. What a change does is written to the audit list before it is done.

use super::audit_list;
use super::form::{Form, TOKEN_FIELD};
use super::session::{self, Session};
use crate::apps::App;
use crate::authentication::Administrator;
use crate::call::{CALL_TIME_MAX, Call, in_time};
use crate::code::Code;
use crate::commands::{self, COMMANDS};
use crate::connection::Caller;
use crate::reply::Failure;
use crate::state::Server;
use crate::url;
use landfall_domain::ids::AppId;
use landfall_domain::people::console::AuditOutcome;
use maud::{Markup, html};
use std::sync::Arc;

/// A user who looks at a page.
pub(crate) struct Visit {
    pub(crate) server: Arc<Server>,
    pub(crate) session: Session,
    /// The parts of the path behind `/console/`, decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) query: String,
    pub(crate) from: Caller,
}

impl Visit {
    /// The first parameter of the query called `name`, without white space around it; empty when there is none.
    pub(crate) fn parameter(&self, name: &str) -> String {
        url::parameter(&self.query, name).map_or_else(String::new, |value| value.trim().to_owned())
    }

    /// All apps, in the order of their numbers.
    pub(crate) fn apps(&self) -> Vec<Arc<App>> {
        self.server.apps.all()
    }

    /// The app with this number.
    pub(crate) fn app(&self, number: &str) -> Option<Arc<App>> {
        number.parse().ok().and_then(|number| self.server.apps.get(AppId(number)))
    }

    /// The app that the parameter `app` names; the first one where there is no such parameter.
    pub(crate) fn chosen_app(&self) -> Option<Arc<App>> {
        match self.parameter("app").as_str() {
            "" => self.apps().into_iter().next(),
            number => self.app(number),
        }
    }

    /// The hidden field by which a form proves that it is of this session. Every form that is posted has it.
    pub(crate) fn token(&self) -> Markup {
        html! { input type="hidden" name=(TOKEN_FIELD) value=(self.session.form_token); }
    }
}

/// An administrator of the console who sent a form.
pub(crate) struct Change {
    pub(crate) visit: Visit,
    pub(crate) form: Form,
}

/// The reason why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It is not of this session: the page is too old, or of somebody else.
    Forged,
    /// The user may only look.
    Viewer,
}

impl Change {
    /// Takes a form.
    pub(super) fn new(visit: Visit, form: Form) -> Result<Self, Box<(Visit, NotTaken)>> {
        if !session::same(form.raw(TOKEN_FIELD), &visit.session.form_token) {
            return Err(Box::new((visit, NotTaken::Forged)));
        }
        if !visit.session.may_change() {
            return Err(Box::new((visit, NotTaken::Viewer)));
        }
        Ok(Self { visit, form })
    }

    /// Runs a command of the API as the app's first administrator, exactly as a request would: the same checks, answers and
    /// codes. `on` says in words what it concerns. Answers the body of the answer.
    ///
    /// # Errors
    /// The command failed, or the audit list could not be written; then nothing was done.
    pub(crate) async fn run(
        &self,
        app: &Arc<App>,
        command: &'static str,
        on: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let entry = commands::index_of(command).and_then(|index| COMMANDS.get(index));
        let Some(run) = entry.and_then(|entry| entry.run) else {
            return Err(Code::NotBuilt.because(format!("{command} is not built in this version")));
        };
        let Some(administrator) = Administrator::of_console(Arc::clone(app)) else {
            return Err(Code::AdminRequired.because("the app has no administrator"));
        };
        let on = if on.is_empty() { format!("app {}", app.id) } else { format!("app {}, {on}", app.id) };
        self.noted(command, &on, async {
            let Visit { server, from, .. } = &self.visit;
            let call = Call::new(server, administrator, from.address, server.clock.now());
            in_time(command, CALL_TIME_MAX, run(call, body)).await
        })
        .await
    }

    /// Does something that is no command, and writes it to the audit list.
    ///
    /// # Errors
    /// It failed, or the audit list could not be written; then nothing was done.
    pub(crate) async fn noted<T>(
        &self,
        what: &str,
        on: &str,
        doing: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Visit { server, session, from, .. } = &self.visit;
        let entry =
            audit_list::entry(session.name.as_str(), Some(from.address), what, on, server.clock.now());
        let number = audit_list::note(&*server.store, entry).await;
        let number = number.map_err(|error| Code::GroupInternal.internal(error))?;
        let done = doing.await;
        let outcome = match &done {
            Ok(_) => AuditOutcome::Done,
            Err(failure) => AuditOutcome::Failed(format!("{}: {}", failure.number(), failure.text)),
        };
        if let Err(error) = audit_list::finish(&*server.store, number, outcome, server.clock.now()).await {
            tracing::error!(%error, "console: the outcome of entry {number} of the audit list cannot be written: {error}");
        }
        done
    }
}

//! `/console/users`: the users of the console.

use super::form::Form;
use super::layout::{self, Here};
use super::moment::moment;
use super::password::{self, PasswordError};
use super::respond::Reply;
use super::strings as say;
use super::users;
use super::visit::{Change, Visit};
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::people::console::{ConsoleName, ConsoleRole, ConsoleUser, PasswordHash};
use landfall_domain::people::operation::{PeopleImport, import_people};
use landfall_domain::people::operations::console_users::{
    AddConsoleUser, ChangeConsoleUser, ConsoleUserRefusal, RemoveConsoleUser,
};
use maud::{Markup, html};

const PATH: &str = "/console/users";

pub(super) async fn read(visit: &Visit) -> Reply {
    page(visit, html! {}).await
}

/// The page, with something above the list.
async fn page(visit: &Visit, above: Markup) -> Reply {
    let users = match users::all(&*visit.server.store).await {
        Ok(users) => users,
        Err(error) => return layout::store_failed(&visit.session, &error),
    };
    layout::page(
        &visit.session,
        Here::Users,
        say::USERS,
        html! {
            (above)
            div.wide {
                table {
                    thead { tr {
                        th scope="col" { (say::NAME) }
                        th scope="col" { "Role" }
                        th scope="col" { "Since" }
                        @if visit.session.may_change() { th scope="col" { "Change" } }
                    } }
                    tbody { @for (name, user) in &users { (row(visit, name, user)) } }
                }
            }
            @if visit.session.may_change() { (adding(visit)) }
        },
    )
}

fn row(visit: &Visit, name: &ConsoleName, user: &ConsoleUser) -> Markup {
    let is_own = *name == visit.session.name;
    html! { tr {
        th scope="row" { (name) }
        td { (user.role.word()) }
        td.when { (moment(user.since)) }
        @if visit.session.may_change() { td {
            div.tools {
                @if !is_own {
                    form method="post" action="/console/users/change" {
                        (visit.token())
                        input type="hidden" name="name" value=(name);
                        input type="hidden" name="role" value=(other(user.role).word());
                        button.plain type="submit" { "Make " (name) " " (article(other(user.role))) }
                    }
                }
                form method="post" action="/console/users/change" {
                    (visit.token())
                    input type="hidden" name="name" value=(name);
                    input type="hidden" name="password" value="new";
                    button.plain type="submit" { "New password for " (name) }
                }
                @if !is_own {
                    form method="post" action="/console/users/remove" {
                        (visit.token())
                        input type="hidden" name="name" value=(name);
                        button.danger type="submit" { "Remove " (name) }
                    }
                }
            }
        } }
    } }
}

fn other(role: ConsoleRole) -> ConsoleRole {
    match role {
        ConsoleRole::Viewer => ConsoleRole::Administrator,
        ConsoleRole::Administrator => ConsoleRole::Viewer,
    }
}

fn article(role: ConsoleRole) -> &'static str {
    match role {
        ConsoleRole::Viewer => "a viewer",
        ConsoleRole::Administrator => "an administrator",
    }
}

fn adding(visit: &Visit) -> Markup {
    html! {
        section.card aria-label="Add a user" {
            h2 { "Add a user" }
            form.bar method="post" action="/console/users/add" {
                (visit.token())
                label { (say::NAME) input name="name" required autocapitalize="none" autocomplete="off"; }
                label { "Role" select name="role" {
                    @for role in ConsoleRole::ALL { option value=(role.word()) { (role.word()) } }
                } }
                button type="submit" { "Add" }
            }
            p.soft { "The password is made here, and shown once." }
        }
    }
}

/// What shows a password once.
fn shown(name: &ConsoleName, password: &str) -> Markup {
    html! {
        div.note role="status" {
            p { "The password of " strong { (name) } " is shown only now:" }
            p { code { (password) } }
        }
    }
}

fn illegal(text: impl Into<String>) -> Failure {
    Code::GroupParameter.because(text.into())
}

fn named(form: &Form) -> Result<ConsoleName, Failure> {
    let name = form.text("name");
    ConsoleName::parse(name).ok_or_else(|| illegal(format!("name must be {}", ConsoleName::ALLOWED)))
}

fn role(form: &Form) -> Result<ConsoleRole, Failure> {
    ConsoleRole::parse(form.text("role")).ok_or_else(|| illegal("role must be viewer or administrator"))
}

/// A new password and its hash.
async fn new_password(change: &Change) -> Result<(String, PasswordHash), Failure> {
    let failed = |error: PasswordError| match error {
        busy @ PasswordError::Busy => Code::TimeoutOrFormat.because(busy.to_string()),
        other @ (PasswordError::Length(_)
        | PasswordError::Random(_)
        | PasswordError::Hash(_)
        | PasswordError::Thread(_)) => Code::GroupInternal.internal(other),
    };
    let made = password::random().map_err(|error| failed(error.into()))?;
    let hash = change.visit.server.console.hashing.hash(made.clone()).await.map_err(failed)?;
    Ok((made, hash))
}

/// Performs an operation on the users, and writes it to the audit list.
async fn perform<O>(change: &Change, what: &str, name: &ConsoleName, operation: O) -> Result<(), Failure>
where
    O: PeopleImport<Answer = (), Refusal = ConsoleUserRefusal>,
{
    let server = &change.visit.server;
    let doing = async {
        match import_people(&*server.store, users::context(server.clock.now()), operation).await {
            Ok(()) => Ok(()),
            Err(OperationError::Refused(refusal)) => Err(illegal(users::refusal(refusal, name))),
            Err(OperationError::Store(error)) => Err(Code::GroupInternal.internal(error)),
        }
    };
    change.noted(what, &format!("user {name}"), doing).await
}

async fn answered(change: &Change, done: Result<Markup, Failure>) -> Reply {
    match done {
        Ok(above) => page(&change.visit, above).await,
        Err(failure) => layout::failed(&change.visit.session, &failure, PATH),
    }
}

pub(super) async fn add(change: &Change) -> Reply {
    let done = async {
        let (name, role) = (named(&change.form)?, role(&change.form)?);
        let (made, password) = new_password(change).await?;
        let what = format!("add a user ({})", role.word());
        perform(change, &what, &name, AddConsoleUser { name: name.clone(), role, password }).await?;
        Ok(shown(&name, &made))
    };
    answered(change, done.await).await
}

/// Gives a user another role, or a new password. Nobody gives himself another role: the last administrator would be gone.
pub(super) async fn change(change: &Change) -> Reply {
    let done = async {
        let name = named(&change.form)?;
        if change.form.text("password") == "new" {
            let (made, password) = new_password(change).await?;
            let operation = ChangeConsoleUser { name: name.clone(), role: None, password: Some(password) };
            perform(change, "give a user a new password", &name, operation).await?;
            return Ok(shown(&name, &made));
        }
        let role = role(&change.form)?;
        not_self(change, &name)?;
        let operation = ChangeConsoleUser { name: name.clone(), role: Some(role), password: None };
        perform(change, &format!("make a user {}", article(role)), &name, operation).await?;
        Ok(html! { p.note role="status" { (say::DONE) } })
    };
    answered(change, done.await).await
}

fn not_self(change: &Change, name: &ConsoleName) -> Result<(), Failure> {
    if *name == change.visit.session.name {
        return Err(illegal("name is your own: another administrator has to do this"));
    }
    Ok(())
}

pub(super) async fn remove(change: &Change) -> Reply {
    let done = async {
        let name = named(&change.form)?;
        not_self(change, &name)?;
        perform(change, "remove a user", &name, RemoveConsoleUser(name.clone())).await?;
        Ok(html! { p.note role="status" { (say::DONE) } })
    };
    answered(change, done.await).await
}

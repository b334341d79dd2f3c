//! The console as browsers meet it: signing in, what is closed to whom, and what cannot be tricked.

mod browser;
mod closed;
mod command_line;
mod groups;
mod operating;
mod sign_in;
mod tool;
mod users;
mod visitor;

pub(crate) use visitor::Visitor;

/// Passwords of the users that each console of a test has.
pub(crate) const ROOT_PASSWORD: &str = "root has a long password";
pub(crate) const EVE_PASSWORD: &str = "eve has another password";

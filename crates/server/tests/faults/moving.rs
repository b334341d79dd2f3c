//! Moving in with the real program and a real server: one command for a whole export; the tool, the server or the
//! connection struck down at random points; exit codes and what is printed.

mod attachments;
mod delta;
mod ends;
mod held;
mod kills;
mod looker;
mod mattermost;
mod neutral;
pub(crate) mod proxy;
#[path = "../../../migrate/tests/conversion/slack_like.rs"]
mod slack_like;
mod tool;
mod whole;

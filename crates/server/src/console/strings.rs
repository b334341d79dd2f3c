//! The words of the console, in one place.

pub(crate) const PRODUCT: &str = "Landfall";
pub(crate) const SKIP: &str = "Skip to the content";
pub(crate) const MAIN_NAVIGATION: &str = "Pages";

pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const NAME: &str = "Name";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const WRONG_LOGIN: &str = "The name or the password is wrong.";
pub(crate) const TOO_MANY_LOGINS: &str =
    "Too many sign-ins with this name or from this address have failed. Try again in a minute.";
pub(crate) const BUSY_LOGINS: &str = "Many users sign in at this moment. Try again in a few seconds.";
pub(crate) const OLD_SIGN_IN: &str =
    "This page was open for too long, or cookies are switched off. Sign in once more.";
pub(crate) const NO_USERS: &str =
    "The console has no users yet. On the machine of the server, this adds an administrator:";
pub(crate) const ADD_USER_COMMAND: &str =
    "landfall console-user add NAME --role administrator --config landfall.toml";
pub(crate) const TRY_PAGE: &str = "Connect as a client";

pub(crate) const HOME: &str = "Overview";
pub(crate) const APPS: &str = "Apps";
pub(crate) const ACCOUNTS: &str = "Accounts";
pub(crate) const GROUPS: &str = "Groups";
pub(crate) const IMPORTS: &str = "Imports";
pub(crate) const WEBHOOKS: &str = "Webhooks";
pub(crate) const MONITOR: &str = "Monitor";
pub(crate) const API: &str = "API";
pub(crate) const USERS: &str = "Users";
pub(crate) const AUDIT: &str = "Audit list";

pub(crate) const NOT_FOUND: &str = "There is no such page.";
pub(crate) const NOT_FOUND_TITLE: &str = "Not found";
pub(crate) const FORGED: &str =
    "This form is not of your session: the page may be too old. Nothing was changed. Load the page again.";
pub(crate) const VIEWER: &str = "Your role is viewer: you may look at everything, and change nothing.";
pub(crate) const REFUSED_TITLE: &str = "Nothing was changed";
pub(crate) const STORE_FAILED: &str = "The store did not answer. Try again; the log of the server says why.";
pub(crate) const BACK: &str = "Back";
pub(crate) const FAILED_TITLE: &str = "That did not work";
pub(crate) const FROM_ELSEWHERE: &str = "This request comes from another site and was refused.";
pub(crate) const DONE: &str = "Done.";

pub(crate) const APP: &str = "App";
pub(crate) const SHOW: &str = "Show";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const NOTHING: &str = "Nothing is here.";
pub(crate) const SAVE_CSV: &str = "Save as CSV";
pub(crate) const FIND: &str = "Find";
pub(crate) const UNLIMITED: &str = "no limit";
pub(crate) const NONE: &str = "none";
pub(crate) const FOREVER: &str = "forever";

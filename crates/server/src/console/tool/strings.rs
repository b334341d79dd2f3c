//! The words of the pages about the API.

pub(super) const TITLE: &str = "API";
pub(super) const ABOUT: &str = "Every operation of the API, with its fields, limits and codes, and a form that sends it. The same is there as";
pub(super) const OPENAPI: &str = "OpenAPI 3.1";
pub(super) const POSTMAN: &str = "collection for Postman";
pub(super) const TO_USERSIG: &str = "Make or check a UserSig";
pub(super) const SEARCH_LABEL: &str = "Name, sentence or field";
pub(super) const SEARCH: &str = "Search";
pub(super) const OPERATIONS: &str = "operations";
pub(super) const OPERATION: &str = "Operation";
pub(super) const WHAT_IT_DOES: &str = "What it does";
pub(super) const ALL_OPERATIONS: &str = "All operations";
pub(super) const UNKNOWN: &str = "The API has no such operation.";

pub(super) const TRY_IT: &str = "Try it";
pub(super) const VIEWERS: &str = "Only administrators of the console send calls.";
pub(super) const NO_APPS: &str = "There is no app yet.";
pub(super) const NO_FILE: &str =
    "The file of this operation cannot be sent from here. Use the code, or the command landfall import.";
pub(super) const APP: &str = "App";
pub(super) const ADMINISTRATOR: &str = "Administrator";
pub(super) const BODY: &str = "Body";
pub(super) const FOR_REAL: &str =
    "The call is signed and sent for real: it changes what it says in the app that is chosen.";
pub(super) const SEND: &str = "Send";
pub(super) const SAMPLE_AGAIN: &str = "Fill in the sample again";
pub(super) const CHOOSE_APP: &str = "Choose one of the apps.";
pub(super) const NO_ADMINISTRATOR: &str = "Choose an administrator of this app.";
pub(super) const NO_URL: &str = "The call has no valid URL.";

pub(super) const ANSWER: &str = "Answer";
pub(super) const ANSWERED_IN: &str = "answered in";
pub(super) const MILLISECONDS: &str = "ms";
pub(super) const COPY: &str = "Copy";

pub(super) const CODE_TO_COPY: &str = "Code";
pub(super) const ABOUT_CODE: &str = "The code takes the signature from the environment variable USERSIG.";
pub(super) const FIELDS: &str = "Fields";
pub(super) const NO_FIELDS: &str = "None: the body is {}.";
pub(super) const FIELD: &str = "Field";
pub(super) const TAKES: &str = "Takes";
pub(super) const REFUSALS: &str = "Limits and refusals";
pub(super) const REQUIRED: &str = "required";
pub(super) const CODES: &str = "Codes";
pub(super) const ABOUT_CODES: &str =
    "Each with a text that the tests show. Codes of signatures and of the calling convention can come too.";
pub(super) const CODE: &str = "Code";
pub(super) const FOR_EXAMPLE: &str = "For example";
pub(super) const LESS_OFTEN: &str =
    "Of the calls in a second that the server allows, one part in so many is allowed:";
pub(super) const HISTORY: &str = "Sent in this session";
pub(super) const TIME: &str = "Time";

pub(super) const USERSIG: &str = "UserSig";
pub(super) const ABOUT_USERSIG: &str = "A UserSig is the password of one account in one app, for a time. The app's own server makes it with the app's secret \
     key; this page is for trying, and for finding out why one is refused.";
pub(super) const USERSIG_VIEWERS: &str = "Only administrators of the console make and check UserSigs.";
pub(super) const MAKE_ONE: &str = "Make one";
pub(super) const MAKE: &str = "Make";
pub(super) const CHECK_ONE: &str = "Check one";
pub(super) const CHECK: &str = "Check";
pub(super) const ACCOUNT: &str = "Account";
pub(super) const ACCOUNT_THAT_USES: &str = "Account that uses it; empty: the one that it names";
pub(super) const DAYS: &str = "Days";
pub(super) const NO_ACCOUNT: &str = "Account is not the name of an account.";
pub(super) const RESULT: &str = "Result";
pub(super) const VALID: &str = "It is valid.";
pub(super) const VALID_UNTIL: &str = "Valid until";
pub(super) const MADE_AT: &str = "Made";
pub(super) const KICKED: &str =
    "It was made before its account was kicked, so calls get 70052. Make another.";
pub(super) const STORE_FAILED: &str = "The store did not answer. Try again; the log of the server says why.";

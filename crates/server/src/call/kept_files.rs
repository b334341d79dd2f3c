//! Files that members have uploaded stay as long as a message may refer to them: so it is noted when one is sent.

use super::{Call, ReadOnlyCall, SilentCall};
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::AppId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::uploads::UseUploads;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::upload::UploadId;
use memchr::memmem;

/// What the addresses of all files begin with, up to the slash that some programs escape in JSON.
const BEGIN: &[u8] = b"/files";

impl Call {
    /// Notes that a message with these texts, its elements and custom data, is about to be sent. To be called before that, so
    /// that no message is without its files.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_files_in(&self, texts: [&str; 2]) -> Result<(), StoreError> {
        note(self, texts).await
    }
}

impl SilentCall {
    /// The same of messages that are imported.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_files_in<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), StoreError> {
        note(self, texts).await
    }
}

async fn note<'a>(call: &ReadOnlyCall, texts: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
    let app = call.app_id();
    let mut ids: Vec<UploadId> = texts.into_iter().flat_map(|text| uploads_in(text, app)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort();
    ids.dedup();
    let facts = ids.into_iter().map(|id| (Subject::App, FactKey::Upload(id))).collect();
    let found = call.store.people(app, PeopleNeeds { facts, ..PeopleNeeds::default() }).await?.facts;
    let unnoted = found.into_iter().filter_map(|((_, key), fact)| match (key, fact) {
        (FactKey::Upload(id), Fact::Upload(upload)) => upload.needs_note(call.now).then_some(id),
        _ => None,
    });
    let unnoted: Vec<_> = unnoted.collect();
    if unnoted.is_empty() {
        return Ok(());
    }
    match import_people(&*call.store, call.context(), UseUploads(unnoted)).await {
        Ok(()) => Ok(()),
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// The uploads of an app whose addresses are in a text, wherever they stand: with and without a server, in any member, and also
/// in JSON within JSON.
fn uploads_in(text: &str, app: AppId) -> impl Iterator<Item = UploadId> {
    memmem::find_iter(text.as_bytes(), BEGIN).filter_map(move |at| {
        let rest = after_slash(text.get(at + BEGIN.len()..)?)?;
        let (number, rest) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        if number.parse() != Ok(app.0) {
            return None;
        }
        UploadId::parse(after_slash(rest)?.get(..48)?)
    })
}

/// What follows a slash, which may be escaped, any number of times.
fn after_slash(text: &str) -> Option<&str> {
    text.trim_start_matches('\\').strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        let id = UploadId::of([0xab; 24]);
        let path = format!("/files/7/{id}/a.png");
        let escaped = path.replace('/', "\\/");
        for text in [
            format!(r#"[{{"Url":"{path}"}}]"#),
            format!(r#"[{{"URL":"{path}?expires=1&signature=x"}}]"#),
            format!(r#"[{{"Url":"{escaped}"}}]"#),
            format!(r#"[{{"Url":"https://chat.example{path}"}}]"#),
            format!(r#"[{{"Data":"{{\"url\":\"{}\"}}"}}]"#, path.replace('/', "\\\\/")),
            path.clone(),
        ] {
            assert!(uploads_in(&text, AppId(7)).eq([id.clone()]), "{text}");
            assert_eq!(uploads_in(&text, AppId(8)).count(), 0, "{text}");
        }
        for text in ["", "/files", "/files/7", "/files/7/ä", "/files//x", &path.to_uppercase()] {
            assert_eq!(uploads_in(text, AppId(7)).count(), 0, "{text}");
        }
        let two = format!("{path} {}", path.replace("ab", "cd"));
        assert_eq!(uploads_in(&two, AppId(7)).count(), 2);
    }
}

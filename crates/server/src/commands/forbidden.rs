//! Refusing texts that have a word which the app does not allow. Imports are not checked.

use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::element::TEXT;
use landfall_domain::error::StoreError;
use landfall_domain::message::Body;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An element of a message, unparsed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Element<'a> {
    msg_type: String,
    #[serde(borrow)]
    msg_content: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TextContent {
    text: String,
}

/// The texts of a message, each with its place: those of text elements, no others. [doc]
fn texts(elements: &str) -> impl Iterator<Item = (usize, String)> {
    let elements: Vec<Element<'_>> = serde_json::from_str(elements).unwrap_or_default();
    let places = elements.into_iter().enumerate().filter(|(_, element)| element.msg_type == TEXT);
    places.filter_map(|(place, element)| {
        let content: TextContent = serde_json::from_str(element.msg_content.get()).ok()?;
        Some((place, content.text))
    })
}

/// Refuses a message. `internal` is the code of an error of the store.
pub(super) async fn refuse_words_in(
    body: &Body,
    call: &ReadOnlyCall,
    internal: impl FnOnce(StoreError) -> Failure,
) -> Result<(), Failure> {
    let Some(finder) = call.words().await.map_err(internal)? else { return Ok(()) };
    match texts(&body.elements).find(|(_, text)| finder.is_match(text)) {
        Some((place, _)) => Err(refusal(&format!("MsgBody[{place}].MsgContent.Text"), Code::TextRefused)),
        None => Ok(()),
    }
}

/// Refuses texts, each with the name of its member, with `code`.
pub(super) async fn refuse_words(
    texts: impl IntoIterator<Item = (&str, Option<&str>)>,
    call: &ReadOnlyCall,
    code: Code,
    internal: impl FnOnce(StoreError) -> Failure,
) -> Result<(), Failure> {
    let Some(finder) = call.words().await.map_err(internal)? else { return Ok(()) };
    let found = texts.into_iter().find(|(_, text)| text.is_some_and(|text| finder.is_match(text)));
    found.map_or(Ok(()), |(field, _)| Err(refusal(field, code)))
}

fn refusal(field: &str, code: Code) -> Failure {
    code.because(format!("{field} has a word that the app does not allow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_elements_have_texts() {
        let elements = r#"[{"MsgType":"TIMCustomElem","MsgContent":{"Data":"a"}},
            {"MsgContent":{"Text":"b","New":{}},"MsgType":"TIMTextElem"}, {"MsgType":"TIMFaceElem","MsgContent":{"Text":1}}]"#;
        assert_eq!(texts(elements).collect::<Vec<_>>(), [(1, "b".to_owned())]);
    }
}

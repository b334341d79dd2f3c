//! The elements of a message as people read them. What is not plain text is folded, with everything that was sent.

use maud::{Markup, html};
use serde_json::Value;

/// Longest JSON of an element that is shown, bytes.
const SHOWN_BYTES_MAX: usize = 16_384;

/// The elements of a message, `MsgBody` as it was sent.
pub(super) fn elements(body: &str) -> Markup {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Array(elements)) => html! { @for one in &elements { (element(one)) } },
        Ok(_) | Err(_) => html! { pre.code { (cut(body)) } },
    }
}

fn element(element: &Value) -> Markup {
    let content = element.get("MsgContent").unwrap_or(&Value::Null);
    let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = element.get("MsgType").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "TIMTextElem" => html! { div.says { (text("Text")) } },
        "TIMImageElem" => folded("Image", &image(content), content),
        "TIMFileElem" => folded("File", text("FileName"), content),
        "TIMSoundElem" => folded("Voice message", &seconds(content, "Second"), content),
        "TIMVideoFileElem" => folded("Video", &seconds(content, "VideoSecond"), content),
        "TIMLocationElem" => folded("Place", text("Desc"), content),
        "TIMFaceElem" => folded("Face", text("Data"), content),
        "TIMCustomElem" => folded("Custom", text("Desc"), content),
        _ => folded(kind, "", content),
    }
}

/// The size of the first picture.
fn image(content: &Value) -> String {
    let first = content.get("ImageInfoArray").and_then(|all| all.get(0));
    let number = |name: &str| first.and_then(|first| first.get(name)).and_then(Value::as_u64);
    match (number("Width"), number("Height")) {
        (Some(width), Some(height)) => format!("{width} × {height}"),
        _ => String::new(),
    }
}

fn seconds(content: &Value, name: &str) -> String {
    content.get(name).and_then(Value::as_u64).map_or_else(String::new, |seconds| format!("{seconds} s"))
}

fn folded(kind: &str, about: &str, content: &Value) -> Markup {
    html! {
        details {
            summary { (kind) @if !about.is_empty() { ": " (about) } }
            pre.code { (cut(&serde_json::to_string_pretty(content).unwrap_or_default())) }
        }
    }
}

fn cut(text: &str) -> &str {
    text.split_at(text.floor_char_boundary(SHOWN_BYTES_MAX)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_and_the_rest_is_folded() {
        let body = r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"<b>hi</b>"}},
            {"MsgType":"TIMCustomElem","MsgContent":{"Data":"<script>","Desc":"card"}},
            {"MsgType":"TIMImageElem","MsgContent":{"ImageInfoArray":[{"Width":3,"Height":4,"URL":"x"}]}},
            {"MsgType":"<i>","MsgContent":7}, 8]"#;
        let shown = elements(body).into_string();
        assert!(shown.contains("<div class=\"says\">&lt;b&gt;hi&lt;/b&gt;</div>"), "{shown}");
        assert!(
            shown.contains("<summary>Custom: card</summary>") && shown.contains("&lt;script&gt;"),
            "{shown}"
        );
        assert!(shown.contains("<summary>Image: 3 × 4</summary>"), "{shown}");
        assert!(shown.contains("<summary>&lt;i&gt;</summary>") && !shown.contains("<i>"), "{shown}");
        assert_eq!(elements("no <json>").into_string(), "<pre class=\"code\">no &lt;json&gt;</pre>");
    }
}

//! What the body of a message says in formats that know texts and attached files.

use crate::format::Json;
use serde_json::Value;

/// A file that is attached to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attached {
    /// As the element has it: an address, or `file:` and the key of a file.
    pub(crate) address: String,
    /// `image`, `audio`, `video` or `file`.
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    /// Bytes.
    pub(crate) size: Option<u64>,
    /// Pixels.
    pub(crate) width: Option<u64>,
    pub(crate) height: Option<u64>,
}

/// A text, and the files attached to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) files: Vec<Attached>,
    /// Elements that became a text.
    pub(crate) flattened: u64,
}

/// Several texts are joined by a line break.
#[must_use]
pub(crate) fn said(body: &Json) -> Said {
    let mut said = Said::default();
    let body = body.value();
    for element in body.as_array().into_iter().flatten() {
        let kind = element.get("MsgType").and_then(Value::as_str).unwrap_or_default();
        let content = element.get("MsgContent").unwrap_or(&Value::Null);
        match kind {
            "TIMTextElem" => said.say(text(content, "Text").unwrap_or_default()),
            "TIMImageElem" => said.image(content),
            "TIMSoundElem" => said.attach(content, "audio", "Url", "Size"),
            "TIMVideoFileElem" => said.attach(content, "video", "VideoUrl", "VideoSize"),
            "TIMFileElem" => said.attach(content, "file", "Url", "FileSize"),
            _ => {
                said.flattened += 1;
                said.say(flat(kind, content));
            }
        }
    }
    said
}

impl Said {
    fn say(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&text);
    }

    fn image(&mut self, content: &Value) {
        let sizes = content.get("ImageInfoArray").and_then(Value::as_array);
        let original = |size: &&Value| size.get("Type").and_then(Value::as_u64) == Some(1);
        let Some(size) = sizes.and_then(|sizes| sizes.iter().find(original).or_else(|| sizes.first())) else {
            return;
        };
        let number = |name: &str| size.get(name).and_then(Value::as_u64).filter(|number| *number != 0);
        self.files.push(Attached {
            address: text(size, "URL").or_else(|| text(size, "Url")).unwrap_or_default(),
            kind: "image",
            name: text(content, "FileName"),
            size: number("Size"),
            width: number("Width"),
            height: number("Height"),
        });
    }

    fn attach(&mut self, content: &Value, kind: &'static str, address: &str, size: &str) {
        self.files.push(Attached {
            address: text(content, address).unwrap_or_default(),
            kind,
            name: text(content, "FileName"),
            size: content.get(size).and_then(Value::as_u64).filter(|size| *size != 0),
            ..Attached::default()
        });
    }
}

fn flat(kind: &str, content: &Value) -> String {
    if kind == "TIMLocationElem" {
        let number = |name: &str| content.get(name).and_then(Value::as_f64).unwrap_or_default();
        let place = text(content, "Desc").unwrap_or_default();
        return format!("{place} ({}, {})", number("Latitude"), number("Longitude")).trim_start().to_owned();
    }
    let shown = ["Desc", "Data", "Title"].into_iter().find_map(|member| text(content, member));
    shown.unwrap_or_else(|| format!("[{kind}]"))
}

fn text(content: &Value, member: &str) -> Option<String> {
    let text = content.get(member).and_then(Value::as_str)?;
    (!text.is_empty()).then(|| text.to_owned())
}

//! Elements that messages consist of: the documented types, and the members of their content.

mod size;

pub use size::size;

/// The type of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    Text,
    Number,
    List,
    Object,
    Flag,
    Null,
}

impl JsonType {
    /// The type of a JSON value, by its first byte.
    #[must_use]
    pub fn of(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            Some(b't' | b'f') => Self::Flag,
            Some(b'n') => Self::Null,
            Some(_) | None => Self::Number,
        }
    }

    /// As an error names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a number",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Flag => "true or false",
            Self::Null => "null",
        }
    }
}

/// A type of element, with the documented members of its content.
pub struct ElementType {
    pub name: &'static str,
    pub members: &'static [(&'static str, JsonType)],
}

/// An element with a content of the app's own; a message has one at most.
pub const CUSTOM: &str = "TIMCustomElem";
/// The only element that must have the first member of its content.
pub const TEXT: &str = "TIMTextElem";

/// Every type of element. [doc]
pub static ELEMENT_TYPES: [ElementType; 9] = {
    use JsonType::{List, Number, Text};
    [
        ElementType { name: TEXT, members: &[("Text", Text)] },
        ElementType {
            name: CUSTOM,
            members: &[("Data", Text), ("Desc", Text), ("Ext", Text), ("Sound", Text)],
        },
        ElementType { name: "TIMFaceElem", members: &[("Index", Number), ("Data", Text)] },
        ElementType {
            name: "TIMLocationElem",
            members: &[("Desc", Text), ("Latitude", Number), ("Longitude", Number)],
        },
        ElementType {
            name: "TIMSoundElem",
            members: &[
                ("Url", Text),
                ("UUID", Text),
                ("Size", Number),
                ("Second", Number),
                ("Download_Flag", Number),
            ],
        },
        ElementType {
            name: "TIMImageElem",
            members: &[("UUID", Text), ("ImageFormat", Number), ("ImageInfoArray", List)],
        },
        ElementType {
            name: "TIMFileElem",
            members: &[
                ("Url", Text),
                ("UUID", Text),
                ("FileSize", Number),
                ("FileName", Text),
                ("fileName", Text),
                ("Download_Flag", Number),
            ],
        },
        ElementType {
            name: "TIMVideoFileElem",
            members: &[
                ("VideoUrl", Text),
                ("VideoUUID", Text),
                ("VideoSize", Number),
                ("VideoSecond", Number),
                ("VideoFormat", Text),
                ("VideoDownloadFlag", Number),
                ("ThumbUrl", Text),
                ("ThumbUUID", Text),
                ("ThumbSize", Number),
                ("ThumbWidth", Number),
                ("ThumbHeight", Number),
                ("ThumbFormat", Text),
                ("ThumbDownloadFlag", Number),
            ],
        },
        ElementType {
            name: "TIMRelayElem",
            members: &[
                ("Title", Text),
                ("MsgNum", Number),
                ("CompatibleText", Text),
                ("AbstractList", List),
                ("MsgList", List),
                ("JsonMsgKey", Text),
            ],
        },
    ]
};

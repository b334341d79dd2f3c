//! What an account says of itself: the standard fields and the custom ones that an app has switched on.

use crate::fields::FieldKey;
use crate::text::Text;
use std::collections::BTreeMap;
use std::fmt;

/// Begins the tags of custom fields.
const CUSTOM: &str = "Tag_Profile_Custom_";

/// A field of a portrait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortraitTag {
    /// The display name. Kept in the account's own row.
    Nick,
    /// One of the [words](Self::words).
    Gender,
    /// A date as a number, such as 20190419.
    BirthDay,
    /// A place.
    Location,
    /// A few words of its own.
    SelfSignature,
    /// Who may become a friend: one of the [words](Self::words).
    AllowType,
    /// A number the app gives a meaning.
    Language,
    /// The address of its picture. Kept in the account's own row.
    Image,
    /// Bits.
    MsgSettings,
    /// Whether administrators keep it from adding friends: one of the [words](Self::words).
    AdminForbidType,
    /// A number the app gives a meaning.
    Level,
    /// A number the app gives a meaning.
    Role,
    /// A field of the app.
    Custom(FieldKey),
}

impl PortraitTag {
    /// The standard fields, in the order of the documentation.
    pub const STANDARD: [Self; 12] = [
        Self::Nick,
        Self::Gender,
        Self::BirthDay,
        Self::Location,
        Self::SelfSignature,
        Self::AllowType,
        Self::Language,
        Self::Image,
        Self::MsgSettings,
        Self::AdminForbidType,
        Self::Level,
        Self::Role,
    ];

    /// The field with this tag.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        match tag.strip_prefix(CUSTOM) {
            Some(name) => FieldKey::parse(name).map(Self::Custom),
            None => Self::STANDARD.into_iter().find(|standard| standard.to_string() == tag),
        }
    }

    /// The words that a field takes; none for a field that takes other values.
    #[must_use]
    pub fn words(&self) -> &'static [&'static str] {
        match self {
            Self::Gender => &["Gender_Type_Unknown", "Gender_Type_Female", "Gender_Type_Male"],
            Self::AllowType => {
                &["AllowType_Type_NeedConfirm", "AllowType_Type_AllowAny", "AllowType_Type_DenyAny"]
            }
            Self::AdminForbidType => &["AdminForbid_Type_None", "AdminForbid_Type_SendOut"],
            Self::Nick
            | Self::BirthDay
            | Self::Location
            | Self::SelfSignature
            | Self::Language
            | Self::Image
            | Self::MsgSettings
            | Self::Level
            | Self::Role
            | Self::Custom(_) => &[],
        }
    }

    /// Whether only administrators of the app set the field.
    #[must_use]
    pub fn is_for_administrators(&self) -> bool {
        *self == Self::AdminForbidType
    }

    /// Whether the field takes a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        match self {
            Self::BirthDay | Self::Language | Self::MsgSettings | Self::Level | Self::Role => true,
            Self::Nick
            | Self::Gender
            | Self::Location
            | Self::SelfSignature
            | Self::AllowType
            | Self::Image
            | Self::AdminForbidType
            | Self::Custom(_) => false,
        }
    }
}

/// The tag as it travels.
impl fmt::Display for PortraitTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nick => "Tag_Profile_IM_Nick",
            Self::Gender => "Tag_Profile_IM_Gender",
            Self::BirthDay => "Tag_Profile_IM_BirthDay",
            Self::Location => "Tag_Profile_IM_Location",
            Self::SelfSignature => "Tag_Profile_IM_SelfSignature",
            Self::AllowType => "Tag_Profile_IM_AllowType",
            Self::Language => "Tag_Profile_IM_Language",
            Self::Image => "Tag_Profile_IM_Image",
            Self::MsgSettings => "Tag_Profile_IM_MsgSettings",
            Self::AdminForbidType => "Tag_Profile_IM_AdminForbidType",
            Self::Level => "Tag_Profile_IM_Level",
            Self::Role => "Tag_Profile_IM_Role",
            Self::Custom(key) => return write!(f, "{CUSTOM}{key}"),
        })
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortraitValue {
    /// Any text, or one of the words of the field.
    Text(Text),
    /// 32 bits.
    Number(u32),
}

impl PortraitValue {
    /// A text as a value.
    #[must_use]
    pub fn text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) => None,
        }
    }
}

/// A field with its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortraitItem {
    /// The field.
    pub tag: PortraitTag,
    /// Its value.
    pub value: PortraitValue,
}

/// What an account says of itself, besides the nick and the picture in its own row: the fields that were ever set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portrait(pub BTreeMap<PortraitTag, PortraitValue>);

impl Portrait {
    /// The word that a field has, where it has one.
    #[must_use]
    pub fn word(&self, tag: &PortraitTag) -> Option<&str> {
        self.0.get(tag).and_then(PortraitValue::text).map(Text::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_by_their_names() {
        let custom = PortraitTag::Custom(FieldKey::parse("Hobby").unwrap());
        assert_eq!(custom.to_string(), "Tag_Profile_Custom_Hobby");
        for tag in PortraitTag::STANDARD.into_iter().chain([custom]) {
            assert_eq!(PortraitTag::parse(&tag.to_string()), Some(tag));
        }
        for unknown in ["", "Nick", "Tag_Profile_IM_Custom", "Tag_Profile_Custom_", "Tag_Profile_Custom_a b"]
        {
            assert_eq!(PortraitTag::parse(unknown), None, "{unknown}");
        }
    }
}

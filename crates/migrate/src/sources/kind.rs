//! The formats that can be converted.

use serde::Serialize;

/// What a source is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The neutral file itself; it needs no conversion.
    Landfall,
    Slack,
    Mattermost,
    Stream,
    Discord,
    Telegram,
    Csv,
}

impl Format {
    pub const ALL: [Self; 7] = [
        Self::Landfall,
        Self::Slack,
        Self::Mattermost,
        Self::Stream,
        Self::Discord,
        Self::Telegram,
        Self::Csv,
    ];

    /// The word that command lines and records use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landfall => "landfall",
            Self::Slack => "slack",
            Self::Mattermost => "mattermost",
            Self::Stream => "stream",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Csv => "csv",
        }
    }

    /// The format called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// How a sentence begins that is about a source.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Landfall => "Neutral file",
            Self::Slack => "Slack export",
            Self::Mattermost => "Mattermost export",
            Self::Stream => "Stream export",
            Self::Discord => "Discord export",
            Self::Telegram => "Telegram export",
            Self::Csv => "CSV file",
        }
    }
}

//! The kinds of device that clients run on.

use crate::all_variants::{AllVariants as _, all_variants};
use serde::{Deserialize, Serialize};

all_variants! {
    /// What kind of device a client runs on, as answers and webhooks name it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    pub(crate) enum Platform {
        Android,
        IPhone,
        IPad,
        Mac,
        Pc,
        /// Also what says nothing of itself. [choice]
        #[default]
        Web,
    }
}

impl Platform {
    /// The platform called `word`, in either of the two ways in which the API names it.
    pub(crate) fn parse(word: &str) -> Self {
        let is_called = |platform: &Self| {
            platform.status_name().eq_ignore_ascii_case(word)
                || platform.event_name().eq_ignore_ascii_case(word)
        };
        Self::ALL.iter().copied().find(is_called).unwrap_or_default()
    }

    /// As `query_online_status` names it. [doc]
    pub(crate) fn status_name(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::IPhone => "iPhone",
            Self::IPad => "iPad",
            Self::Mac => "Mac",
            Self::Pc => "PC",
            Self::Web => "Web",
        }
    }

    /// As webhooks name it. [doc]
    pub(crate) fn event_name(self) -> &'static str {
        match self {
            Self::IPhone => "iOS",
            Self::Pc => "Windows",
            Self::Android | Self::IPad | Self::Mac | Self::Web => self.status_name(),
        }
    }
}

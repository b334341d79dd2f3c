//! Uploads in their stored form.

use landfall_domain::ids::UserId;
use landfall_domain::people::upload::{Upload, UploadState};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    account: String,
    bytes: u64,
    content_type: String,
    /// 0 announced, 1 whole, 2 going.
    state: u8,
    used: bool,
    touched: u64,
}

impl From<&Upload> for UploadRecord {
    fn from(upload: &Upload) -> Self {
        let Upload { account, bytes, content_type, state, used, touched } = upload;
        let state = match state {
            UploadState::Announced => 0,
            UploadState::Whole => 1,
            UploadState::Going => 2,
        };
        let (account, content_type) = (account.to_string(), content_type.to_string());
        Self { account, bytes: *bytes, content_type, state, used: *used, touched: touched.0 }
    }
}

impl UploadRecord {
    pub(super) fn upload(self) -> Option<Upload> {
        let Self { account, bytes, content_type, state, used, touched } = self;
        let state = match state {
            0 => UploadState::Announced,
            1 => UploadState::Whole,
            2 => UploadState::Going,
            _ => return None,
        };
        let (account, touched) = (UserId::parse(&account)?, Timestamp(touched));
        Some(Upload { account, bytes, content_type: content_type.into(), state, used, touched })
    }
}

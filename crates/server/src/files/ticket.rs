//! Addresses for uploads: `/files/upload/APP/ID/NAME?expires=SECONDS&signature=…`. Behind `/files/upload` is where the file
//! will be read.

use super::address::{FileAddress, ROOT};
use crate::usersig::SecretKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::people::upload::UploadId;
use landfall_domain::time::Timestamp;
use std::fmt;

/// Where these addresses begin. No app is called so.
const UPLOADS: &str = "/files/upload/";

/// Where a file is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) id: UploadId,
    /// Where it is read.
    pub(crate) file: FileAddress,
}

pub(crate) fn is_at(path: &str) -> bool {
    path.starts_with(UPLOADS)
}

/// The path of a URL.
impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.to_string();
        write!(f, "{UPLOADS}{}", file.strip_prefix(ROOT).unwrap_or(&file))
    }
}

impl Ticket {
    /// From the path of a URL.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let file = FileAddress::parse(&format!("{ROOT}{}", path.strip_prefix(UPLOADS)?))?;
        Some(Self { id: UploadId::parse(file.id.as_str())?, file })
    }

    /// What is signed. Never the text of a UserSig or of an address for reading, whose key is the same.
    fn text(&self, expires: Timestamp) -> String {
        format!("landfall upload\n{self}\n{}", expires.0)
    }

    /// The path and query that are good until `expires`.
    pub(crate) fn signed(&self, key: &SecretKey, expires: Timestamp) -> String {
        let signature = URL_SAFE_NO_PAD.encode(key.sign_text(&self.text(expires)));
        format!("{self}?expires={}&signature={signature}", expires.0)
    }

    /// Whether `signature` is that of this address until `expires`, and that is not over.
    pub(crate) fn is_good(
        &self,
        key: &SecretKey,
        now: Timestamp,
        expires: Timestamp,
        signature: &str,
    ) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        now <= expires && key.has_signed(&self.text(expires), &signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::address::{FileId, FileName};
    use landfall_domain::ids::AppId;

    fn ticket(app: u32, name: &str) -> Ticket {
        let id = UploadId::of([0xab; 24]);
        let file =
            FileAddress { app: AppId(app), id: FileId::from(&id), name: FileName::parse(name).unwrap() };
        Ticket { id, file }
    }

    #[test]
    fn an_address_reads_back_and_none_leads_out_of_its_folder() {
        let of = ticket(7, "Plan ä.png");
        assert_eq!(of.to_string(), format!("/files/upload/7/{}/Plan%20%C3%A4.png", "ab".repeat(24)));
        assert_eq!(Ticket::parse(&of.to_string()), Some(of));
        for path in [
            "/files/upload/7/../../etc/passwd".to_owned(),
            format!("/files/upload/7/{}/%2e%2e", "ab".repeat(24)),
            format!("/files/upload/7/{}/..%2Fa", "ab".repeat(24)),
            format!("/files/upload/7/{}/a", "ab".repeat(32)),
            format!("/files/7/{}/a", "ab".repeat(24)),
        ] {
            assert_eq!(Ticket::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn a_ticket_is_good_for_one_app_one_file_and_one_time() {
        let key = |text: &str| SecretKey::new(text.to_owned()).unwrap();
        let (ours, other) = (key("0123456789abcdef"), key("fedcba9876543210"));
        let of = ticket(7, "a.png");
        let signed = of.signed(&ours, Timestamp(9));
        let (_, signature) = signed.split_once("?expires=9&signature=").unwrap();
        let good =
            |of: &Ticket, key, now, expires| of.is_good(key, Timestamp(now), Timestamp(expires), signature);
        assert!(good(&of, &ours, 9, 9));
        assert!(!good(&of, &ours, 10, 9), "it is expired");
        assert!(!good(&of, &ours, 10, 11), "its time is not that of the signature");
        assert!(!good(&of, &other, 9, 9), "it is of another app's key");
        assert!(!good(&ticket(8, "a.png"), &ours, 9, 9));
        assert!(!good(&ticket(7, "b.png"), &ours, 9, 9));
        // One for reading is none for writing, and the other way round.
        let reading = of.file.signed(&ours, Timestamp(9));
        let (_, reading) = reading.split_once("&signature=").unwrap();
        assert!(!of.is_good(&ours, Timestamp(9), Timestamp(9), reading));
        assert!(!of.file.is_signed(&ours, Timestamp(9), signature));
    }
}

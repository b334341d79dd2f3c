use super::trouble::Answer;
use super::{Reply, State};
use serde_json::json;
use sha2::{Digest as _, Sha256};

impl State {
    pub(super) fn put_file(&mut self, query: &str, content: &str) -> Reply {
        if self.limits.is_none() {
            return Err(60_009);
        }
        if content.is_empty() || (self.file_bytes_max != 0 && self.file_bytes_max < content.len()) {
            return Err(10_004);
        }
        let (_, name) = query.split_once("&name=").unwrap();
        let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.insert(digest.clone(), content.to_owned());
        // Queries have + for a blank, paths do not.
        let address = format!("/files/7/{digest}/{}", name.replace('+', "%20"));
        Ok(json!({ "FileId": digest, "FileSize": content.len(), "Address": address }))
    }

    pub(super) fn file(&self, path: &str) -> Answer {
        let content = path.split('/').nth(3).and_then(|digest| self.files.get(digest));
        content.map_or(Answer::Missing, |content| Answer::Whole(content.clone()))
    }
}

//! Rules of records that belong to no group: accounts and files.

use super::people::profile;
use super::values::{DROPPED, account, fault, missing, text};
use super::{Checker, FaultCode};
use crate::fault::Fault;
use crate::format::{Account, File, address};

impl Checker {
    pub(super) fn account(&mut self, record: &Account, faults: &mut Vec<Fault>) {
        let limits = &self.server.limits;
        account(faults, "UserID", &record.user_id);
        text(faults, "Nick", record.nick.as_deref(), limits.profile_value);
        text(faults, "FaceUrl", record.face_url.as_deref(), limits.profile_value);
        profile(&record.profile, &self.server, faults);
        if self.last_account.as_ref() == Some(&record.user_id) {
            let problem = format!("another record has the account {}", record.user_id);
            faults.push(fault(FaultCode::Duplicate, "UserID", problem).fix(DROPPED));
        }
        self.last_account = Some(record.user_id.clone());
    }

    pub(super) fn file(&mut self, record: &File, faults: &mut Vec<Fault>) {
        if record.key.is_empty() {
            faults.push(missing("key"));
        }
        match (&record.path, &record.url) {
            (None, None) => {
                let problem = "path is missing, and Url too: messages cannot refer to the file";
                faults.push(fault(FaultCode::Missing, "path", problem));
            }
            (Some(path), _) if !address::stays_inside(path) => {
                let problem = format!("path {path:?} leads out of the folder of the export");
                faults.push(fault(FaultCode::BadPath, "path", problem).fix("path is removed"));
            }
            (_, _) => {}
        }
        let name = address::name(&record.src, &record.key);
        if self.last_file.as_ref() == Some(&name) {
            let problem = "another record has the same src and key";
            faults.push(fault(FaultCode::Duplicate, "key", problem).fix(DROPPED));
        }
        self.files.insert(&name);
        self.last_file = Some(name);
    }
}

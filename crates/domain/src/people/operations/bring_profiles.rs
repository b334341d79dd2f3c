//! A job brings fields of profiles in, silently. The accounts are there.

use crate::context::Context;
use crate::ids::UserId;
use crate::origin::JobId;
use crate::people::Subject;
use crate::people::brought::{self, Brought, Coming, note};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::portrait::{Portrait, PortraitItem};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::convert::Infallible;

/// Brings fields of profiles in.
#[derive(Clone, Debug)]
pub struct BringProfiles {
    /// The job.
    pub job: JobId,
    /// Whether a field with another value gets the new one.
    pub update: bool,
    /// Accounts, each once, with their fields; not the nick and the picture.
    pub profiles: Vec<(UserId, Vec<PortraitItem>)>,
}

fn own(account: &UserId) -> (Subject, FactKey) {
    (Subject::Account(account.clone()), FactKey::Portrait)
}

impl BringProfiles {
    fn bring(
        &self,
        changes: &mut PeopleChanges,
        snapshot: &PeopleSnapshot,
        account: &UserId,
        items: &[PortraitItem],
    ) -> Coming {
        if !snapshot.accounts.contains_key(account) {
            return Coming::Refused("the account is not there");
        }
        let before = match snapshot.facts.get(&own(account)) {
            Some(Fact::Portrait(portrait)) => portrait.clone(),
            _ => Portrait::default(),
        };
        let noted = brought::profile(snapshot, self.job, account);
        let (mut portrait, mut now_noted) = (before.clone(), noted.clone());
        let mut worst = Coming::Unchanged;
        for PortraitItem { tag, value } in items {
            let coming = match before.0.get(tag) {
                None => {
                    now_noted.0.insert(tag.clone(), value.clone());
                    Coming::Added
                }
                Some(there) if there == value && noted.0.contains_key(tag) => Coming::Added,
                Some(there) if there == value => Coming::Unchanged,
                Some(_) if self.update => Coming::Updated,
                Some(_) => Coming::Differs,
            };
            if matches!(coming, Coming::Added | Coming::Updated) {
                portrait.0.insert(tag.clone(), value.clone());
            }
            worst = match (worst, coming) {
                (Coming::Unchanged, coming) | (_, coming @ Coming::Differs) => coming,
                (worst @ Coming::Differs, _) => worst,
                (_, coming @ Coming::Updated) => coming,
                (worst, _) => worst,
            };
        }
        if portrait != before {
            changes.facts.push((
                Subject::Account(account.clone()),
                FactKey::Portrait,
                Some(Fact::Portrait(portrait)),
            ));
        }
        if now_noted != noted {
            let (subject, key) = note(self.job, Brought::Profile(account.clone()));
            changes.put(subject, key, Fact::BroughtProfile(now_noted));
        }
        worst
    }
}

impl PeopleImport for BringProfiles {
    /// What became of each profile, in order.
    type Answer = Vec<Coming>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        let accounts = self.profiles.iter().map(|(account, _)| Subject::Account(account.clone()));
        accounts.chain([Subject::App]).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let accounts: Vec<_> = self.profiles.iter().map(|(account, _)| account.clone()).collect();
        let notes = accounts.iter().map(|account| note(self.job, Brought::Profile(account.clone())));
        let facts = accounts.iter().map(own).chain(notes).collect();
        PeopleNeeds { accounts, facts, ..PeopleNeeds::default() }
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Vec<Coming>>, Infallible> {
        let mut changes = PeopleChanges::default();
        let profiles = self.profiles.iter();
        let answer =
            profiles.map(|(account, items)| self.bring(&mut changes, &snapshot, account, items)).collect();
        Ok(PeopleImported { changes, answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::people::portrait::{PortraitTag, PortraitValue};
    use crate::sample::{NOW, context, text, user};

    fn item(value: &str) -> PortraitItem {
        PortraitItem { tag: PortraitTag::SelfSignature, value: PortraitValue::Text(text(value)) }
    }

    fn bring(update: bool, there: Option<&str>) -> (Coming, Vec<FactKey>) {
        let mut snapshot = PeopleSnapshot::default();
        snapshot.accounts.insert(user("ann"), Account::placeholder(NOW));
        if let Some(there) = there {
            let PortraitItem { tag, value } = item(there);
            snapshot.facts.insert(own(&user("ann")), Fact::Portrait(Portrait([(tag, value)].into())));
        }
        let profiles = vec![(user("ann"), vec![item("new")])];
        let operation = BringProfiles { job: JobId(7), update, profiles };
        let Ok(imported) = operation.decide(&context(), snapshot);
        (imported.answer[0], imported.changes.facts.into_iter().map(|(_, key, _)| key).collect())
    }

    #[test]
    fn a_field_that_is_new_is_noted_and_one_that_is_there_follows_the_choice() {
        let noted = FactKey::Brought(JobId(7), Brought::Profile(user("ann")));
        assert_eq!(bring(false, None), (Coming::Added, vec![FactKey::Portrait, noted]));
        assert_eq!(bring(false, Some("new")), (Coming::Unchanged, Vec::new()));
        assert_eq!(bring(false, Some("old")), (Coming::Differs, Vec::new()));
        assert_eq!(bring(true, Some("old")), (Coming::Updated, vec![FactKey::Portrait]));
    }
}

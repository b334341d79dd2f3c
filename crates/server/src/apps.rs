//! The apps this server serves: their key, administrators, custom fields, remembered signatures, call rates.

pub mod group_rates;
pub mod message_rates;
pub mod rates;

use crate::config::AppConfig;
use crate::usersig::SecretKey;
use crate::usersig::cache::SignatureCache;
use crate::webhook::receiver::Receiver;
use group_rates::GroupRates;
use landfall_domain::fields::FieldRule;
use landfall_domain::ids::{AppId, UserId};
use landfall_store::postgres::RemoteChange;
use message_rates::MessageRates;
use rates::Rates;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// An app with everything that depends on its settings. Changed settings make a new one, so a signature that was
/// remembered under an old key is forgotten with it.
pub struct App {
    /// Its number.
    pub id: AppId,
    /// The key that signs.
    pub key: SecretKey,
    /// Who may call.
    pub admins: Vec<UserId>,
    /// Custom fields of groups that are switched on.
    pub group_fields: Vec<FieldRule>,
    /// Custom fields of members that are switched on.
    pub member_fields: Vec<FieldRule>,
    /// Days that messages are kept; 0: for ever.
    pub message_days: u32,
    /// Who is told what happens in it.
    pub webhook: Option<Arc<Receiver>>,
    /// Signatures verified before.
    pub signatures: SignatureCache,
    /// What bounds the messages sent to each of its groups.
    pub messages: MessageRates,
    /// What bounds how often the attributes of each of its groups are changed.
    pub attribute_writes: GroupRates,
    /// What bounds its calls; `None` when nothing does.
    rates: Option<Rates>,
}

impl App {
    /// An app of the configuration, with nobody yet who is told what happens in it.
    #[must_use]
    pub fn new(config: AppConfig, rates: Option<Rates>) -> Self {
        Self {
            id: config.id,
            key: config.key,
            admins: config.admins,
            group_fields: config.group_fields,
            member_fields: config.member_fields,
            message_days: config.message_days,
            webhook: None,
            signatures: SignatureCache::default(),
            messages: MessageRates::default(),
            attribute_writes: GroupRates::default(),
            rates,
        }
    }

    /// Counts one call of a command, by its index in the table; false when it is one too many.
    pub async fn admit(&self, command: Option<usize>) -> bool {
        match &self.rates {
            Some(rates) => rates.admit(command).await,
            None => true,
        }
    }

    /// Whether `identifier` is an administrator.
    #[must_use]
    pub fn has_admin(&self, identifier: &str) -> bool {
        self.admins.iter().any(|admin| admin.as_str() == identifier)
    }
}

/// All apps.
pub struct Apps(RwLock<Known>);

struct Known {
    apps: BTreeMap<AppId, Arc<App>>,
    /// Whether every kick is heard of, also those that other servers carry out.
    heard: bool,
}

impl Default for Apps {
    /// No apps yet; kicks by other servers are heard of, or there are no other servers.
    fn default() -> Self {
        Self(RwLock::new(Known { apps: BTreeMap::new(), heard: true }))
    }
}

impl Apps {
    /// The app with this number.
    #[must_use]
    pub fn get(&self, id: AppId) -> Option<Arc<App>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).apps.get(&id).cloned()
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<App>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).apps.values().cloned().collect()
    }

    /// Adds an app, or puts it in place of the one with its number.
    pub fn put(&self, app: App) {
        let mut known = self.write();
        if !known.heard {
            app.signatures.suspend();
        }
        known.apps.insert(app.id, Arc::new(app));
    }

    /// Takes in what another server over the same store did: signatures that may not be valid any more are forgotten.
    pub fn hear(&self, change: RemoteChange) {
        match change {
            RemoteChange::Kicked(app, account) => {
                if let Some(app) = self.get(app) {
                    app.signatures.invalidate(account.as_str());
                }
            }
            RemoteChange::Disconnected => self.set_heard(false),
            RemoteChange::Connected => self.set_heard(true),
            // Of no account: the bus reads it.
            RemoteChange::Packet(_) => {}
        }
    }

    fn set_heard(&self, heard: bool) {
        // Held to the end, so that of two changes at once the later one counts for every app.
        let mut known = self.write();
        known.heard = heard;
        for app in known.apps.values() {
            if heard {
                app.signatures.resume();
            } else {
                app.signatures.suspend();
            }
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usersig::Verified;
    use landfall_domain::time::Timestamp;

    const GOOD: Verified = Verified { made: Timestamp(100), last_valid: Timestamp(200) };

    fn put(apps: &Apps, id: u32) -> Arc<App> {
        let key = SecretKey::new("0123456789abcdef".to_owned()).unwrap();
        let config = AppConfig {
            id: AppId(id),
            key,
            admins: vec![],
            group_fields: vec![],
            member_fields: vec![],
            message_days: 0,
            webhook: None,
        };
        apps.put(App::new(config, None));
        apps.get(AppId(id)).unwrap()
    }

    /// Remembers a signature of `identifier`, and tells whether it is found again.
    fn remembers(app: &App, identifier: &str) -> bool {
        app.signatures.remember(app.signatures.ticket(), identifier, "sig", GOOD);
        finds(app, identifier)
    }

    fn finds(app: &App, identifier: &str) -> bool {
        app.signatures.get(identifier, "sig", Timestamp(150)).is_some()
    }

    #[test]
    fn a_kick_by_another_server_is_for_one_account_of_one_app() {
        let apps = Apps::default();
        let (first, second) = (put(&apps, 1), put(&apps, 2));
        assert!(remembers(&first, "ann") && remembers(&first, "bob") && remembers(&second, "ann"));
        apps.hear(RemoteChange::Kicked(AppId(1), UserId::parse("ann").unwrap()));
        assert_eq!((finds(&first, "ann"), finds(&first, "bob"), finds(&second, "ann")), (false, true, true));
        // An app of another server's configuration.
        apps.hear(RemoteChange::Kicked(AppId(3), UserId::parse("ann").unwrap()));
        assert!(finds(&second, "ann"));
    }

    #[test]
    fn while_other_servers_are_not_heard_no_app_remembers() {
        let apps = Apps::default();
        let before = put(&apps, 1);
        assert!(remembers(&before, "ann"));
        apps.hear(RemoteChange::Disconnected);
        let meanwhile = put(&apps, 2);
        assert_eq!((remembers(&before, "ann"), remembers(&meanwhile, "ann")), (false, false));
        apps.hear(RemoteChange::Connected);
        assert_eq!((finds(&before, "ann"), finds(&meanwhile, "ann")), (false, false));
        assert!(
            remembers(&before, "ann") && remembers(&meanwhile, "ann") && remembers(&put(&apps, 3), "ann")
        );
    }
}

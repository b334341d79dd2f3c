//! The apps this server serves: their keys, administrators, custom fields, remembered signatures and call rates.

pub mod group_rates;
pub mod message_rates;
pub mod rates;
pub mod words;

use crate::config::{AppConfig, UploadsConfig};
use crate::files::signing::FileKeys;
use crate::lock::{read, write};
use crate::usersig::SecretKey;
use crate::usersig::cache::SignatureCache;
use crate::webhook::receiver::Receiver;
use group_rates::GroupRates;
use landfall_domain::fields::{FieldRule, UserFieldRule};
use landfall_domain::ids::{AppId, UserId};
use landfall_store::postgres::RemoteChange;
use message_rates::MessageRates;
use rates::Rates;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use tokio::sync::Notify;
use words::KnownWords;

/// An app with everything that depends on its settings. Changed settings make a new one, so a signature that was
/// remembered under an old key is forgotten with it.
pub struct App {
    pub id: AppId,
    /// The key that UserSigs are signed with.
    pub key: SecretKey,
    /// Accounts that may call the REST API.
    pub admins: Vec<UserId>,
    /// Custom fields of groups that the app has switched on.
    pub group_fields: Vec<FieldRule>,
    /// Custom fields of members that the app has switched on.
    pub member_fields: Vec<FieldRule>,
    /// Custom fields of accounts that the app has switched on.
    pub user_fields: Vec<UserFieldRule>,
    /// Custom fields of friends that the app has switched on.
    pub friend_fields: Vec<UserFieldRule>,
    /// Days that messages are kept; 0: forever.
    pub message_days: u32,
    /// How much its members upload.
    pub uploads: UploadsConfig,
    /// The receiver of its webhooks.
    pub webhook: Option<Arc<Receiver>>,
    /// Signatures that were verified before.
    pub signatures: SignatureCache,
    /// Limits the messages sent to each of its groups.
    pub messages: MessageRates,
    /// Limits how often the attributes of each of its groups are changed.
    pub attribute_writes: GroupRates,
    /// Notified when this server has accepted a push to everybody.
    pub new_pushes: Notify,
    /// The words that nobody may send.
    pub words: KnownWords,
    /// Limits its calls; `None`: they are not limited.
    rates: Option<Rates>,
}

impl App {
    /// An app of the configuration, without a receiver of webhooks.
    #[must_use]
    pub fn new(config: AppConfig, rates: Option<Rates>) -> Self {
        Self {
            id: config.id,
            key: config.key,
            admins: config.admins,
            group_fields: config.group_fields,
            member_fields: config.member_fields,
            user_fields: config.user_fields,
            friend_fields: config.friend_fields,
            message_days: config.message_days,
            uploads: config.uploads,
            webhook: None,
            signatures: SignatureCache::default(),
            messages: MessageRates::default(),
            attribute_writes: GroupRates::default(),
            new_pushes: Notify::new(),
            words: KnownWords::default(),
            rates,
        }
    }

    /// Counts one call of a command, by its index in the table; false when the call exceeds the limit.
    pub async fn admit(&self, command: Option<usize>) -> bool {
        match &self.rates {
            Some(rates) => rates.admit(command).await,
            None => true,
        }
    }

    /// The limits of its calls; `None`: they are not limited.
    #[must_use]
    pub fn rates(&self) -> Option<&Rates> {
        self.rates.as_ref()
    }

    /// Calls of one command in a second; 0: no limit.
    #[must_use]
    pub fn calls_per_second(&self) -> u32 {
        self.rates.as_ref().map_or(0, |rates| rates.per_second.get())
    }

    #[must_use]
    pub fn has_admin(&self, identifier: &str) -> bool {
        self.admins.iter().any(|admin| admin.as_str() == identifier)
    }
}

pub struct Apps(RwLock<AppTable>);

struct AppTable {
    apps: BTreeMap<AppId, Arc<App>>,
    /// Whether this server is notified of every kick, including those by other servers.
    receives_kicks: bool,
}

impl Default for Apps {
    /// No apps yet. Assumes that kicks by other servers arrive, or that there are no other servers.
    fn default() -> Self {
        Self(RwLock::new(AppTable { apps: BTreeMap::new(), receives_kicks: true }))
    }
}

impl Apps {
    #[must_use]
    pub fn get(&self, id: AppId) -> Option<Arc<App>> {
        read(&self.0).apps.get(&id).cloned()
    }

    #[must_use]
    pub fn all(&self) -> Vec<Arc<App>> {
        read(&self.0).apps.values().cloned().collect()
    }

    /// Adds an app, or replaces the one with the same number.
    pub fn put(&self, app: App) {
        let mut table = write(&self.0);
        if !table.receives_kicks {
            app.signatures.suspend();
        }
        table.apps.insert(app.id, Arc::new(app));
    }

    /// Applies a change by another server over the same store: signatures that may no longer be valid are forgotten.
    pub fn on_remote_change(&self, change: RemoteChange) {
        match change {
            RemoteChange::Kicked(app, account) => {
                if let Some(app) = self.get(app) {
                    app.signatures.invalidate(account.as_str());
                }
            }
            RemoteChange::Disconnected => self.set_receives_kicks(false),
            RemoteChange::Connected => self.set_receives_kicks(true),
            // Only the bus needs it.
            RemoteChange::Packet(_) => {}
        }
    }

    fn set_receives_kicks(&self, receives_kicks: bool) {
        // Locked to the end, so that of two concurrent changes the later one counts for every app.
        let mut table = write(&self.0);
        table.receives_kicks = receives_kicks;
        for app in table.apps.values() {
            if receives_kicks {
                app.signatures.resume();
            } else {
                app.signatures.suspend();
            }
        }
    }
}

impl FileKeys for Apps {
    fn key(&self, app: AppId) -> Option<SecretKey> {
        self.get(app).map(|app| app.key.clone())
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
            user_fields: vec![],
            friend_fields: vec![],
            message_days: 0,
            uploads: UploadsConfig::default(),
            webhook: None,
        };
        apps.put(App::new(config, None));
        apps.get(AppId(id)).unwrap()
    }

    /// Remembers a signature of `identifier`; whether it is found again.
    fn remembers(app: &App, identifier: &str) -> bool {
        app.signatures.remember(app.signatures.ticket(), identifier, "sig", GOOD);
        finds(app, identifier)
    }

    fn finds(app: &App, identifier: &str) -> bool {
        app.signatures.get(identifier, "sig", Timestamp(150)).is_some()
    }

    #[test]
    fn a_kick_by_another_server_affects_one_account_of_one_app() {
        let apps = Apps::default();
        let (first, second) = (put(&apps, 1), put(&apps, 2));
        assert!(remembers(&first, "ann") && remembers(&first, "bob") && remembers(&second, "ann"));
        apps.on_remote_change(RemoteChange::Kicked(AppId(1), UserId::parse("ann").unwrap()));
        assert_eq!((finds(&first, "ann"), finds(&first, "bob"), finds(&second, "ann")), (false, true, true));
        // An app that only another server's configuration has.
        apps.on_remote_change(RemoteChange::Kicked(AppId(3), UserId::parse("ann").unwrap()));
        assert!(finds(&second, "ann"));
    }

    #[test]
    fn no_app_remembers_signatures_while_kicks_may_be_missed() {
        let apps = Apps::default();
        let before = put(&apps, 1);
        assert!(remembers(&before, "ann"));
        apps.on_remote_change(RemoteChange::Disconnected);
        let meanwhile = put(&apps, 2);
        assert_eq!((remembers(&before, "ann"), remembers(&meanwhile, "ann")), (false, false));
        apps.on_remote_change(RemoteChange::Connected);
        assert_eq!((finds(&before, "ann"), finds(&meanwhile, "ann")), (false, false));
        assert!(
            remembers(&before, "ann") && remembers(&meanwhile, "ann") && remembers(&put(&apps, 3), "ann")
        );
    }
}

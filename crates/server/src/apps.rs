//! The apps this server serves: their key, administrators, custom fields, remembered signatures, call rates.

use crate::config::AppConfig;
use crate::usersig::SecretKey;
use crate::usersig::cache::SignatureCache;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use landfall_domain::fields::FieldRule;
use landfall_domain::ids::{AppId, UserId};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

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
    /// Signatures verified before.
    pub signatures: SignatureCache,
    rates: Option<Rates>,
}

/// One limiter for each command of the table, and one for all unknown commands.
struct Rates {
    commands: Vec<DefaultDirectRateLimiter>,
    unknown: DefaultDirectRateLimiter,
}

impl App {
    /// An app of the configuration. `calls_per_second` is the limit of one command, 0 for none; `halved` tells
    /// for each command of the table whether half of it applies.
    #[must_use]
    pub fn new(config: AppConfig, calls_per_second: u32, halved: impl Iterator<Item = bool>) -> Self {
        let rates = NonZeroU32::new(calls_per_second).map(|full| {
            let half = NonZeroU32::new(full.get() / 2).unwrap_or(NonZeroU32::MIN);
            let limiter = |rate| RateLimiter::direct(Quota::per_second(rate));
            Rates {
                commands: halved.map(|halved| limiter(if halved { half } else { full })).collect(),
                unknown: limiter(full),
            }
        });
        Self {
            id: config.id,
            key: config.key,
            admins: config.admins,
            group_fields: config.group_fields,
            signatures: SignatureCache::default(),
            rates,
        }
    }

    /// Counts one call of a command, by its index in the table; false when it is one too many.
    ///
    /// A second's worth of calls may come at once; after that they are let through at the rate of the limit.
    #[must_use]
    pub fn admit(&self, command: Option<usize>) -> bool {
        self.rates.as_ref().is_none_or(|rates| {
            let limiter = command.and_then(|index| rates.commands.get(index)).unwrap_or(&rates.unknown);
            limiter.check().is_ok()
        })
    }

    /// Whether `identifier` is an administrator.
    #[must_use]
    pub fn has_admin(&self, identifier: &str) -> bool {
        self.admins.iter().any(|admin| admin.as_str() == identifier)
    }
}

/// All apps.
#[derive(Default)]
pub struct Apps(RwLock<BTreeMap<AppId, Arc<App>>>);

impl Apps {
    /// The app with this number.
    #[must_use]
    pub fn get(&self, id: AppId) -> Option<Arc<App>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Adds an app, or puts it in place of the one with its number.
    pub fn put(&self, app: App) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(app.id, Arc::new(app));
    }
}

//! How a command reaches a server: its address, an app and the app's key.

use super::Failure;
use crate::config;
use crate::secret;
use crate::usersig::SecretKey;
use landfall_domain::ids::{AppId, UserId};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// The address of a server that runs with the defaults.
const LOCAL: &str = "http://127.0.0.1:8080";

/// What the command line gives.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) server: Option<String>,
    pub(super) app: Option<u32>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
}

/// A server that can be called.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) server: String,
    pub(super) app: AppId,
    pub(super) key: SecretKey,
    /// The app's first administrator, where a configuration names it.
    pub(super) admin: Option<UserId>,
}

impl Given {
    /// Takes what is not given from the configuration, if there is one, and the key from the environment.
    pub(super) fn access(
        self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Access, Failure> {
        let Self { server, app, key_file, config } = self;
        let variables: Vec<_> = variables.into_iter().collect();
        if config.is_some() {
            let config = config::load(config.as_deref(), variables).map_err(Failure::Configuration)?;
            let scheme = if config.tls.is_some() { "https" } else { "http" };
            let named = config.apps.into_iter().find(|named| app.is_none_or(|app| named.id == AppId(app)));
            let Some(named) = named else { return Err(Failure::NoSuchApp(app.unwrap_or_default())) };
            return Ok(Access {
                server: server.unwrap_or_else(|| format!("{scheme}://{}", config.listen)),
                app: named.id,
                key: named.key,
                admin: named.admins.into_iter().next(),
            });
        }
        let key = match key_file {
            Some(file) => Some(fs::read_to_string(file)?),
            None => variables
                .into_iter()
                .find(|(name, _)| name == "LANDFALL_SECRET_KEY")
                .and_then(|(_, key)| key.into_string().ok())
                .filter(|key| !key.is_empty()),
        };
        let (Some(key), Some(app)) = (key, app) else { return Err(Failure::NoKey) };
        let key = SecretKey::new(secret::of_file(&key).to_owned()).map_err(Failure::BadKey)?;
        Ok(Access { server: server.unwrap_or_else(|| LOCAL.to_owned()), app: AppId(app), key, admin: None })
    }
}

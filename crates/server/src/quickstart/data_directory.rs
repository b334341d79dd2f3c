//! The directory of a quickstart: `landfall.toml` with the app's key, and the data beside it.

use landfall_store::embedded;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The configuration while it is written.
const UNFINISHED: &str = "landfall.toml.unfinished";

/// The number of the app.
const APP: u32 = 1_400_000_001;

/// The reason why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirectoryError {
    #[error("{} is not usable", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The name of something else in it.
    #[error("it holds no landfall.toml, but {0}; choose an empty directory, or one that is not there")]
    NotEmpty(String),
    /// There are no random bytes for a key.
    #[error("the system provides no random bytes: {0}")]
    Random(getrandom::Error),
}

/// An existing directory with an existing configuration file.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    config_file: PathBuf,
    made_now: bool,
}

impl DataDirectory {
    /// Creates missing files; a new configuration has the address `listen`. An existing configuration is not changed: its
    /// key may be in use.
    ///
    /// # Errors
    /// Something cannot be created.
    pub fn open(directory: PathBuf, listen: Option<SocketAddr>) -> Result<Self, DataDirectoryError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |cause| DataDirectoryError::Io { path, cause }
        };
        fs::create_dir_all(&directory).map_err(failed(&directory))?;
        let config_file = directory.join("landfall.toml");
        let made_now = !config_file.try_exists().map_err(failed(&config_file))?;
        if made_now {
            let found = embedded::something_else(&directory, UNFINISHED).map_err(failed(&directory))?;
            if let Some(found) = found {
                return Err(DataDirectoryError::NotEmpty(found));
            }
            let text = config_text(&random_key()?, listen);
            write_private(&config_file, &text).map_err(failed(&config_file))?;
        }
        Ok(Self { config_file, made_now })
    }

    #[must_use]
    pub fn config_file(&self) -> &Path {
        &self.config_file
    }

    /// Whether this run made the configuration.
    #[must_use]
    pub fn made_now(&self) -> bool {
        self.made_now
    }
}

/// 64 hexadecimal digits, the usual form of a key.
fn random_key() -> Result<String, DataDirectoryError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(DataDirectoryError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a file that only its owner can read. It appears whole or not at all, so an interrupted run leaves no
/// half-written configuration.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_file_name(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// A free port is another one at the next start.
fn config_text(key: &str, listen: Option<SocketAddr>) -> String {
    let listen = listen.filter(|listen| listen.port() != 0);
    let listen = listen.map(|listen| format!("listen = \"{listen}\"\n\n")).unwrap_or_default();
    let types = r#"["Private", "Public", "ChatRoom", "Community"]"#;
    format!(
        r#"# Made by `landfall quickstart`. It holds a secret key: keep it to yourself.
# Every setting there is: `landfall config --default`.

{listen}[store]
# Beside this file: the two can be moved together.
url = "embedded:./store"

[[app]]
sdk_app_id = {APP}
secret_key = "{key}"
admins = ["administrator"]
group_fields = [
    {{ key = "GroupTestData1", types = {types} }},
    {{ key = "GroupTestData2", types = {types} }},
]

[limits]
mode = "faithful"
calls_per_second = 0

[log]
level = "warn"
"#
    )
}

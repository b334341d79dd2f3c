//! Where the server of a test keeps its data.

use landfall_store::StoreMetrics;
use landfall_store::postgres::{Postgres, Settings, distribute};
use landfall_test_database::{FreshDatabase, fresh_database, on_citus};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The store of a test's server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store {
    /// In a directory of its own.
    Embedded,
    /// In a database of its own.
    Postgres,
}

/// The directory or the database of a store.
pub(crate) enum DataLocation {
    /// And a directory for files.
    Directory(TempDir, TempDir),
    /// And a directory for files, those of jobs too.
    Database(FreshDatabase, TempDir),
    /// The database of another server, and a directory as before.
    Beside(String, TempDir),
}

impl DataLocation {
    pub(crate) fn new(store: Store) -> Self {
        match store {
            Store::Embedded => Self::Directory(tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()),
            Store::Postgres => {
                Self::Database(fresh_database("server", make_tables), tempfile::tempdir().unwrap())
            }
        }
    }

    /// `[store] url`
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Directory(directory, _) => format!("embedded:{}", directory.path().display()),
            Self::Database(database, _) => database.url().to_owned(),
            Self::Beside(url, _) => url.clone(),
        }
    }

    /// `[imports] directory`
    pub(crate) fn imports(&self) -> String {
        match self {
            Self::Directory(..) => String::new(),
            Self::Database(_, imports) | Self::Beside(_, imports) => imports.path().display().to_string(),
        }
    }

    /// Where files are kept, unless the test says so.
    pub(crate) fn files(&self) -> String {
        let (Self::Directory(_, directory) | Self::Database(_, directory) | Self::Beside(_, directory)) =
            self;
        directory.path().join("files").display().to_string()
    }

    /// An empty location of the same store: a database serves again. No server may run on it.
    pub(crate) fn emptied(self) -> Self {
        match self {
            Self::Directory(..) => {
                self.close();
                Self::new(Store::Embedded)
            }
            Self::Database(database, imports) => {
                database.empty("landfall", "schema_versions");
                imports.close().unwrap();
                Self::Database(database, tempfile::tempdir().unwrap())
            }
            Self::Beside(..) => self,
        }
    }

    /// The directory of an embedded store.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory, _) => Some(directory.path()),
            Self::Database(..) | Self::Beside(..) => None,
        }
    }

    pub(crate) fn close(self) {
        match self {
            Self::Directory(directory, files) => {
                directory.close().unwrap();
                files.close().unwrap();
            }
            Self::Database(database, imports) => {
                drop(database);
                imports.close().unwrap();
            }
            Self::Beside(_, imports) => imports.close().unwrap(),
        }
    }

    /// The same database, for another server.
    pub(crate) fn beside(&self) -> Self {
        Self::Beside(self.url(), tempfile::tempdir().unwrap())
    }
}

/// Creates the tables in an empty database.
/// Shards on Citus: few, because each database has its own.
const CITUS_SHARDS: u16 = 4;

fn make_tables(url: &str) {
    Runtime::new().unwrap().block_on(async {
        let settings = Settings::parse(url).unwrap();
        if on_citus() {
            distribute(&settings, CITUS_SHARDS).await.unwrap();
        }
        Postgres::open(settings, StoreMetrics::default(), Arc::new(|_| {})).await.unwrap();
    });
}

//! Several servers over one database.

use crate::check;
use crate::load::Book;
use crate::server::{Home, Server};

/// Servers with the same configuration.
pub(crate) struct Several {
    homes: Vec<Home>,
    pub(crate) servers: Vec<Server>,
}

impl Several {
    /// Starts a server in each of `homes`, all at the same time.
    pub(crate) async fn start(homes: Vec<Home>) -> Self {
        let start = |home: &Home| {
            let (command, log) = (home.command(), home.file("log"));
            tokio::spawn(async move { Server::start(command, &log).await })
        };
        let starting: Vec<_> = homes.iter().map(start).collect();
        let mut servers = Vec::with_capacity(homes.len());
        for server in starting {
            servers.push(server.await.unwrap());
        }
        Self { homes, servers }
    }

    /// `count` servers over the database of `url`.
    pub(crate) async fn over(url: &str, count: usize) -> Self {
        Self::start((0..count).map(|_| Home::over(url)).collect()).await
    }

    /// Waits until `/readyz` of each has this answer.
    pub(crate) async fn readiness_is(&self, status: u16, part: &str) {
        for server in &self.servers {
            server.readiness_is(status, part).await;
        }
    }

    /// All logs, for a test that fails.
    pub(crate) fn logs(&self) -> String {
        self.homes.iter().map(Home::log).collect()
    }

    /// Compares the data of each with `book`, stops them, and compares what is left.
    pub(crate) async fn hold(self, book: &Book) {
        for server in &self.servers {
            check::holds(server, book).await;
        }
        for server in self.servers {
            server.stop().await;
        }
        check::owners_are_indexed(&self.homes[0], book).await;
    }
}

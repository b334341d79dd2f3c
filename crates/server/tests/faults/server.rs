//! One server process, and how it is called, stopped and restarted.

use landfall::client::RestClient;
use landfall::usersig::{self, SecretKey};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::store::Store;
use landfall_domain::time::{Clock as _, SystemClock, Timestamp};
use landfall_store::StoreMetrics;
use landfall_store::embedded::Embedded;
use landfall_store::postgres::{Postgres, Settings};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const APP: AppId = AppId(1_400_000_001);
pub(crate) const ADMIN: &str = "administrator";
/// Further administrators.
pub(crate) const ANN: &str = "ann";
pub(crate) const BOB: &str = "bob";
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Limit of every wait, far above what any takes.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(30);
/// How often a state is polled.
const POLL_EVERY: Duration = Duration::from_millis(10);

/// The size of a test: the value of the variable `name`, or `usual`.
pub(crate) fn amount(name: &str, usual: usize) -> usize {
    let asked = std::env::var_os(name);
    asked.map_or(usual, |asked| asked.to_str().and_then(|text| text.parse().ok()).expect("a number"))
}

/// The directory of a server: configuration, log, and the data if its store is embedded.
pub(crate) struct Home {
    dir: TempDir,
    /// The URL of the database that holds its data otherwise.
    database: Option<String>,
}

impl Home {
    /// With an embedded store.
    pub(crate) fn new() -> Self {
        Self::with(None, "limits.calls_per_second = 0\n")
    }

    /// With its data in the database of `url`.
    pub(crate) fn over(url: &str) -> Self {
        Self::over_with(url, "limits.calls_per_second = 0\n")
    }

    /// Like [`over`](Self::over), with further `settings`.
    pub(crate) fn over_with(url: &str, settings: &str) -> Self {
        Self::with(Some(url.to_owned()), settings)
    }

    /// With an embedded store and `settings`.
    pub(crate) fn embedded_with(settings: &str) -> Self {
        Self::with(None, settings)
    }

    fn with(database: Option<String>, settings: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap(), database };
        let store = home.store_url();
        let config = format!(
            "listen = \"127.0.0.1:0\"\n\
             store.url = \"{store}\"\n\
             log.level = \"warn\"\n\
             {settings}\
             [[app]]\n\
             sdk_app_id = {APP}\n\
             secret_key = \"{KEY}\"\n\
             admins = [\"{ADMIN}\", \"{ANN}\", \"{BOB}\"]\n\
             group_fields = [ {{ key = \"Tag\", types = [\"Public\"] }} ]\n",
        );
        fs::write(home.config(), config).unwrap();
        home
    }

    /// Appends to the configuration: settings of the app.
    pub(crate) fn add_app_settings(&self, settings: &str) {
        let config = fs::read_to_string(self.config()).unwrap();
        fs::write(self.config(), config + settings).unwrap();
    }

    /// The store of a stopped server.
    pub(crate) async fn open_store(&self) -> Box<dyn Store> {
        let metrics = StoreMetrics::default();
        match &self.database {
            None => Box::new(Embedded::open(&self.data(), metrics).unwrap()),
            Some(url) => {
                let settings = Settings::parse(url).unwrap();
                Box::new(Postgres::open(settings, metrics, Arc::new(|_| {})).await.unwrap())
            }
        }
    }

    /// The URL of its store.
    pub(crate) fn store_url(&self) -> String {
        let embedded = || format!("embedded:{}", self.data().display());
        self.database.clone().unwrap_or_else(embedded)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("landfall.toml")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap()
    }

    /// Waits until the log contains `part`.
    pub(crate) async fn log_tells(&self, part: &str) {
        let until = Instant::now() + WAIT_MAX;
        while !self.log().contains(part) {
            assert!(Instant::now() < until, "{part:?} is not in the log: {}", self.log());
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    pub(crate) fn command(&self) -> Command {
        command(&self.config())
    }

    pub(crate) async fn start(&self) -> Server {
        Server::start(self.command(), &self.file("log")).await
    }
}

/// The server with the configuration at `config`, and no setting from the environment.
pub(crate) fn command(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.env_clear().arg("serve").arg("--config").arg(config).stdin(Stdio::null());
    command
}

/// A UserSig of `admin`, of the second `made`.
pub(crate) fn usersig_of(admin: &str, made: Timestamp) -> String {
    usersig::make(admin, APP, &SecretKey::new(KEY.to_owned()).unwrap(), made, 86_400)
}

/// A running server; dropping it kills the process.
pub(crate) struct Server {
    child: Child,
    scheme: String,
    address: SocketAddr,
    /// The address of its metrics, if it serves them.
    metrics: Option<SocketAddr>,
    log: PathBuf,
}

impl Server {
    /// Starts it, and waits until it takes requests.
    pub(crate) async fn start(command: Command, log: &Path) -> Self {
        match Self::try_start(command, log).await {
            Ok(server) => server,
            Err(status) => {
                panic!("the server does not start: {status}\n{}", fs::read_to_string(log).unwrap())
            }
        }
    }

    /// Like [`start`](Self::start); the exit status when it does not accept requests.
    pub(crate) async fn try_start(mut command: Command, log: &Path) -> Result<Self, ExitStatus> {
        command.stderr(File::options().create(true).append(true).open(log).unwrap());
        Self::spawn(command, log).await
    }

    /// Like [`start`](Self::start), with its log somewhere else.
    pub(crate) async fn start_logging_to(mut command: Command, log: Stdio) -> Self {
        command.stderr(log);
        Self::spawn(command, Path::new("/dev/null")).await.unwrap()
    }

    async fn spawn(mut command: Command, log: &Path) -> Result<Self, ExitStatus> {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let lines = tokio::task::spawn_blocking(move || {
            let (mut line, mut stdout) = (String::new(), BufReader::new(stdout));
            stdout.read_line(&mut line)?;
            // All lines are written at once.
            Ok::<_, std::io::Error>((line, String::from_utf8_lossy(stdout.buffer()).into_owned()))
        });
        let (line, rest) = tokio::time::timeout(WAIT_MAX, lines).await.unwrap().unwrap().unwrap();
        let Some((scheme, address)) =
            line.trim().strip_prefix("listening on ").and_then(|url| url.split_once("://"))
        else {
            return Err(child.wait().unwrap());
        };
        let (scheme, address) = (scheme.to_owned(), address.parse().unwrap());
        let metrics = rest.trim().strip_prefix("metrics listening on http://");
        let metrics = metrics.map(|url| url.trim_end_matches("/metrics").parse().unwrap());
        Ok(Self { child, scheme, address, metrics, log: log.to_owned() })
    }

    /// Starts it with an output that takes nothing, which it says in its log together with where it listens.
    pub(crate) async fn start_unheard(mut command: Command, log: &Path) -> Self {
        let stderr = File::create(log).unwrap();
        let child = command.stderr(stderr).stdin(Stdio::null()).spawn().unwrap();
        let (scheme, address) = ("http".to_owned(), ([0, 0, 0, 0], 0).into());
        let mut server = Self { child, scheme, address, metrics: None, log: log.to_owned() };
        let until = Instant::now() + WAIT_MAX;
        loop {
            let said = fs::read_to_string(log).unwrap();
            if let Some((_, address)) = said.split_once("listening on http://")
                && let Some((address, _)) = address.split_once([' ', '\n'])
            {
                server.address = address.parse().unwrap();
                return server;
            }
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "it prints no address: {said}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(crate) async fn client(&self) -> RestClient {
        self.client_of(ADMIN, SystemClock.now()).await
    }

    /// A client that calls as `admin`, with a UserSig of the second `made`.
    pub(crate) async fn client_of(&self, admin: &str, made: Timestamp) -> RestClient {
        let usersig = usersig_of(admin, made);
        RestClient::connect(self.address, APP, &UserId::parse(admin).unwrap(), &usersig).await.unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the process has ended.
    pub(crate) async fn closed(&mut self) -> ExitStatus {
        let until = Instant::now() + WAIT_MAX;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the server does not end");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Stops it with SIGTERM.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.closed().await;
        assert!(status.success(), "{status}");
    }

    /// Kills it, as a failing machine does.
    pub(crate) async fn kill(mut self) {
        self.signal(Signal::KILL);
        self.closed().await;
    }

    /// Status and text of `/readyz`.
    pub(crate) async fn readiness(&self) -> (u16, String) {
        self.page(self.address, "/readyz").await
    }

    /// The text of `/metrics`.
    pub(crate) async fn metrics(&self) -> String {
        self.page(self.metrics.unwrap(), "/metrics").await.1
    }

    async fn page(&self, address: SocketAddr, path: &str) -> (u16, String) {
        let exchange = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
            (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
        };
        tokio::time::timeout(WAIT_MAX, exchange).await.unwrap()
    }

    /// Waits until `/readyz` answers `status` with a text that has `part` in it, and gives the text.
    pub(crate) async fn readiness_is(&self, status: u16, part: &str) -> String {
        let until = Instant::now() + WAIT_MAX;
        loop {
            let (found, text) = self.readiness().await;
            if found == status && text.contains(part) {
                return text;
            }
            if until <= Instant::now() {
                let log = fs::read_to_string(&self.log).unwrap();
                panic!("/readyz still answers {found}: {text}\nthe log:\n{log}");
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

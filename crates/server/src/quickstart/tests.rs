//! Runs the quickstart against the server itself.

use super::*;
use std::io;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Collects the output, and notifies of its last line.
struct Screen {
    printed: Vec<u8>,
    complete: mpsc::UnboundedSender<()>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.printed.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.printed.ends_with(b"the data stays.\n") {
            self.complete.send(()).map_err(io::Error::other)?;
        }
        Ok(())
    }
}

/// Runs it on `data` until the screen is complete, and returns the screen.
async fn screen_of(data: &TempDir) -> String {
    let (complete, mut completed) = mpsc::unbounded_channel();
    let mut screen = Screen { printed: Vec::new(), complete };
    let options = Options {
        listen: "127.0.0.1:0".parse().ok(),
        data: data.path().join("new"),
        program: "target/x y/landfall".to_owned(),
    };
    let shutdown = async move {
        completed.recv().await;
    };
    run(prepare(options, []).unwrap(), &mut screen, shutdown).await.unwrap();
    String::from_utf8(screen.printed).unwrap()
}

#[tokio::test]
async fn the_samples_arrive_and_a_second_run_adds_nothing() {
    let data = TempDir::new().unwrap();
    let first = screen_of(&data).await;
    assert!(first.starts_with("listening on http://127.0.0.1:"), "{first}");
    assert!(first.contains(": 9 groups imported; 4 members imported."), "{first}");
    for expected in
        ["MyFirstGroup", "厦门园艺爱好者", "@TGS#_city-forum", "\"xxxxx\" \"abc\\0\\u{1}\"", "2015-11-24"]
    {
        assert!(first.contains(expected), "{expected} is not in\n{first}");
    }
    assert!(!first.contains("refused"), "{first}");
    let (_, address) = first.lines().next().unwrap().split_once("http://").unwrap();
    // As typed in a shell: the path by which the program was started, quoted where needed.
    let file = data.path().join("new/landfall.toml");
    let listen = format!(
        "\nchat      'target/x y/landfall' chat --config {} --server http://{address} --as hana\n",
        file.display()
    );
    assert!(first.contains(&listen), "{first}");
    assert!(first.contains("\nUserSigs  'target/x y/landfall' usersig --config "), "{first}");
    assert!(first.contains(&format!(" ms.\nA new configuration is in {}: app ", file.display())), "{first}");
    let page =
        format!("\nbrowser   http://{address}/console/try#sdkappid=1400000001&identifier=hana&usersig=");
    assert!(first.contains(&page), "{first}");
    let console = format!("\nconsole   http://{address}/console/  user admin, password ");
    let (_, rest) = first.split_once(&console).unwrap();
    let password = rest.split_once(' ').unwrap().0;
    assert_eq!(
        (password.len(), rest.starts_with(&format!("{password} (shown only now)\n"))),
        (20, true),
        "{first}"
    );

    let again = screen_of(&data).await;
    assert!(
        again.contains(": 0 groups imported, 8 already there; 0 members imported, 4 already there."),
        "{again}"
    );
    assert!(again.contains("/console/  with a user that was made before\n"), "{again}");
    let table = |screen: &str| -> Vec<String> {
        screen.lines().skip_while(|line| !line.contains("GroupId ")).take(10).map(str::to_owned).collect()
    };
    assert_eq!(table(&again), table(&first));
    assert!(
        again.contains(&format!(" ms.\nThe configuration in {} was kept: app ", file.display())),
        "{again}"
    );

    // Configuration and store are moved as one.
    std::fs::rename(data.path().join("new"), data.path().join("other")).unwrap();
    std::fs::create_dir(data.path().join("new")).unwrap();
    std::fs::rename(data.path().join("other"), data.path().join("new/moved")).unwrap();
    let config = config::load(Some(&data.path().join("new/moved/landfall.toml")), []).unwrap();
    let config::StoreUrl::Embedded(store) = &config.store else { panic!("{config:?}") };
    assert!(landfall_store::embedded::exists(store), "{}", store.display());
}

#[tokio::test]
async fn the_key_is_kept_private_and_stays_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = TempDir::new().unwrap();
    let made = DataDirectory::open(data.path().join("new"), None).unwrap();
    assert!(made.made_now());
    let text = std::fs::read_to_string(made.config_file()).unwrap();
    let mode = std::fs::metadata(made.config_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let reused = DataDirectory::open(data.path().join("new"), None).unwrap();
    assert!(!reused.made_now());
    assert_eq!(std::fs::read_to_string(reused.config_file()).unwrap(), text);
    let other = DataDirectory::open(data.path().join("other"), None).unwrap();
    assert_ne!(std::fs::read_to_string(other.config_file()).unwrap(), text, "two directories, one key");

    let config = config::load(Some(made.config_file()), []).unwrap();
    assert_eq!(config.limits.calls_per_second, 0);
    assert_eq!(config.apps[0].group_fields.len(), 2);
    assert_eq!(config.apps[0].admins[0].as_str(), "administrator");
}

#[test]
fn the_address_that_is_asked_for_is_kept() {
    let data = TempDir::new().unwrap();
    let listens = |name: &str, asked: &str| {
        let made = DataDirectory::open(data.path().join(name), asked.parse().ok()).unwrap();
        config::load(Some(made.config_file()), []).unwrap().listen.to_string()
    };
    assert_eq!(listens("given", "127.0.0.1:18080"), "127.0.0.1:18080");
    assert_eq!(listens("free port", "127.0.0.1:0"), "127.0.0.1:8080");
    assert_eq!(listens("given", "127.0.0.1:9"), "127.0.0.1:18080", "a configuration is not changed");
}

#[tokio::test]
async fn stopping_it_before_the_samples_have_arrived_is_not_an_error() {
    let data = TempDir::new().unwrap();
    let options = Options {
        listen: "127.0.0.1:0".parse().ok(),
        data: data.path().to_owned(),
        program: "landfall".to_owned(),
    };
    // At once: the samples cannot connect, or are cut off.
    run(prepare(options, []).unwrap(), &mut Vec::new(), std::future::ready(())).await.unwrap();
}

#[test]
fn a_directory_of_something_else_is_refused() {
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join("landfall.toml.unfinished"), "left by a run that broke off").unwrap();
    std::fs::write(data.path().join("photo.jpg"), "kept").unwrap();
    let refused = DataDirectory::open(data.path().to_owned(), None).unwrap_err();
    assert!(matches!(&refused, DataDirectoryError::NotEmpty(found) if found == "photo.jpg"), "{refused}");
    assert!(!data.path().join("landfall.toml").exists());
    std::fs::remove_file(data.path().join("photo.jpg")).unwrap();
    assert!(DataDirectory::open(data.path().to_owned(), None).unwrap().made_now());
}

#[tokio::test]
async fn a_taken_port_ends_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let data = TempDir::new().unwrap();
    let options = Options {
        listen: taken.local_addr().ok(),
        data: data.path().to_owned(),
        program: "landfall".to_owned(),
    };
    let mut out = Vec::new();
    let ended = run(prepare(options, []).unwrap(), &mut out, std::future::pending()).await;
    let error = ended.unwrap_err();
    assert!(matches!(error, QuickstartError::Serve(_)), "{error:?}");
    assert!(crate::cli::address_in_use(&error), "{error:?}");
    assert!(out.is_empty());
}

#[tokio::test]
async fn https_and_a_bad_configuration_are_refused_before_anything_starts() {
    let data = TempDir::new().unwrap();
    let attempt = |name: &str, value: &str| {
        let options = Options { listen: None, data: data.path().to_owned(), program: "landfall".to_owned() };
        prepare(options, [(name.into(), value.into())]).err()
    };
    let tls = attempt("LANDFALL__TLS", "{ cert = \"c\", key = \"k\" }");
    assert!(matches!(tls, Some(QuickstartError::Tls)), "{tls:?}");
    let bad = attempt("LANDFALL__LISTEN", "everywhere");
    assert!(matches!(bad, Some(QuickstartError::Config(_))), "{bad:?}");
}

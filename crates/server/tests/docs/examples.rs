//! Runs the examples of every page.

use crate::page::{self, Block, fits};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");

/// The port of the quickstart in the pages.
const QUICKSTART_PORT: &str = "8080";

#[test]
fn every_example_does_what_its_page_says() {
    let mut run = 0;
    for name in page::all() {
        let blocks = page::blocks(&name);
        for (index, block) in blocks.iter().enumerate() {
            assert!(is_known(block), "{name}:{}: unknown block {:?}", block.line, block.words);
            let answered = blocks.get(index + 1).is_some_and(|next| next.is(&["json", "expect"]));
            let calls =
                block.is(&["sh", "run"]) && block.text.contains("curl") && block.text.contains("_svc/");
            assert!(answered || !calls, "{name}:{}: nothing says what the call answers", block.line);
        }
        if blocks.iter().any(|block| block.words.len() > 1) {
            let mut runner = Runner::start(&name);
            blocks.iter().for_each(|block| runner.perform(block));
            run += blocks.iter().filter(|block| block.is(&["sh", "run"])).count();
        }
    }
    assert!(0 < run, "no page has an example");
}

#[test]
fn the_quickstart_prints_a_call_that_works() {
    let runner = Runner::start("quickstart");
    let call: Vec<&str> =
        runner.screen.lines().skip_while(|line| !line.starts_with("curl ")).take(2).collect();
    let done = Command::new("bash").arg("-c").arg(call.join("\n")).output().unwrap();
    let answer: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
    assert!(answer["GroupId"].as_str().unwrap().starts_with("@TGS#2"), "{answer}");
}

#[test]
fn every_configuration_loads() {
    const APP: &str = "[[app]]\nsdk_app_id = 1\nsecret_key = \"0123456789abcdef\"\n";
    let mut loaded = 0;
    for name in page::all() {
        for block in page::blocks(&name).iter().filter(|block| block.is(&["toml"])) {
            let app = if block.text.contains("[[app]]") { "" } else { APP };
            if let Err(problems) = landfall::config::parse(&name, &format!("{}{app}", block.text), []) {
                panic!("{name}:{}: {problems}", block.line);
            }
            loaded += 1;
        }
    }
    assert!(0 < loaded, "no page has a configuration");
}

/// Whether the words of a block are in the table of `main.rs`.
fn is_known(block: &Block) -> bool {
    let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
    match words[..] {
        [language] => ["js", "json", "sh", "text", "toml"].contains(&language),
        [language, kind] => {
            let kinds = [("sh", "run"), ("json", "expect"), ("text", "expect"), ("text", "quickstart")];
            language == "toml" || kinds.contains(&(language, kind))
        }
        [language, kind, _port] | [language, kind, _port, _] => (language, kind) == ("sh", "serve"),
        _ => false,
    }
}

/// A started program, killed when this value is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the program has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Runs the blocks of one page.
struct Runner {
    page: String,
    directory: TempDir,
    /// The real port for each port that a page names.
    ports: BTreeMap<String, String>,
    servers: Vec<Running>,
    /// What the quickstart printed.
    screen: String,
    /// What the last example printed.
    printed: String,
}

impl Runner {
    fn start(page: &str) -> Self {
        let mut runner = Self {
            page: page.to_owned(),
            directory: tempfile::tempdir().unwrap(),
            ports: BTreeMap::new(),
            servers: Vec::new(),
            screen: String::new(),
            printed: String::new(),
        };
        let mut command = Command::new(LANDFALL);
        // The program prints commands that begin with its own path; `cargo run` starts it by this one.
        command.arg0("target/release/landfall").args(["quickstart", "--listen", "127.0.0.1:0"]);
        let mut printed = runner.serve(command, QUICKSTART_PORT);
        while !runner.screen.ends_with("the data stays.\n") {
            assert_ne!(printed.read_line(&mut runner.screen).unwrap(), 0, "{}", runner.screen);
        }
        runner
    }

    fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Starts a server and reads its port; for a quickstart, that line is added to the screen.
    fn serve(&mut self, mut command: Command, port: &str) -> impl BufRead + use<> {
        command.current_dir(self.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        self.servers.push(Running(child));
        let line = self.listens(&mut printed, "listening on http", port);
        if port == QUICKSTART_PORT {
            self.screen.push_str(&line);
        }
        printed
    }

    /// Reads the real port from the next line of the server.
    fn listens(&mut self, printed: &mut impl BufRead, begins: &str, port: &str) -> String {
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        assert!(line.starts_with(begins), "{}: the server says {line:?}", self.page);
        let (_, real) = line.trim_end().rsplit_once(':').unwrap();
        let real = real.trim_end_matches("/metrics").to_owned();
        self.ports.insert(port.to_owned(), real);
        line
    }

    fn perform(&mut self, block: &Block) {
        if block.is(&["sh", "run"]) {
            self.run(block);
        } else if block.is(&["sh", "serve"]) {
            let mut command = Command::new("bash");
            command.arg("-c").arg(format!("exec {}", block.text));
            command.env("LANDFALL__LISTEN", "127.0.0.1:0").env("LANDFALL__LOG__LEVEL", "warn");
            command.env("PATH", search_path());
            let metrics = block.words.get(3);
            if metrics.is_some() {
                command.env("LANDFALL__METRICS__LISTEN", "127.0.0.1:0");
            }
            let mut printed = self.serve(command, &block.words[2]);
            if let Some(port) = metrics {
                self.listens(&mut printed, "metrics listening on http", port);
            }
            // The server prints nothing more there.
            drop(printed);
        } else if block.is(&["json", "expect"]) {
            let expected: Value = serde_json::from_str(&block.text).unwrap();
            let printed: Value = serde_json::from_str(&self.printed).unwrap_or_default();
            let mut differences = String::new();
            compare("", &expected, &printed, &mut differences);
            assert!(differences.is_empty(), "{}: {}\n{differences}", self.place(block), self.printed);
        } else if block.is(&["text", "expect"]) {
            self.in_order(block, &self.printed, &|wanted, line| line.starts_with(wanted));
        } else if block.is(&["text", "quickstart"]) {
            let screen = self.ports.iter().fold(self.screen.clone(), |screen, (named, real)| {
                screen.replace(&format!(":{real}"), &format!(":{named}"))
            });
            self.in_order(block, &screen, &fits);
        } else if block.is(&["toml"])
            && let Some(name) = block.words.get(1)
        {
            std::fs::write(self.path().join(name), &block.text).unwrap();
        }
    }

    /// Runs one example. The next one sees the variables it sets, as in a reader's shell.
    fn run(&mut self, block: &Block) {
        let example = self.ports.iter().fold(block.text.clone(), |text, (named, real)| {
            text.replace(&format!(":{named}"), &format!(":{real}"))
        });
        let example = example.replace("target/release/landfall", "landfall");
        let variables = self.path().join("variables");
        let script = format!(
            "set -eu -o pipefail -o allexport\n[ ! -f '{0}' ] || . '{0}'\n{example}\nexport -p > '{0}'\n",
            variables.display()
        );
        let done = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.path())
            .env("PATH", search_path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {}: {errors}", self.place(block), done.status);
        self.printed = String::from_utf8(done.stdout).unwrap();
    }

    /// Asserts that each line of `block` is among `lines`, in this order.
    fn in_order(&self, block: &Block, lines: &str, same: &dyn Fn(&str, &str) -> bool) {
        let mut rest = lines.lines();
        for wanted in block.text.lines().filter(|line| *line != "  …") {
            let found = rest.any(|line| same(wanted, line));
            assert!(found, "{}: {wanted:?} is not where it should be in\n{lines}", self.place(block));
        }
    }

    fn place(&self, block: &Block) -> String {
        format!("{}:{}", self.page, block.line)
    }
}

/// The search path for programs: first the directory of the built server.
fn search_path() -> OsString {
    let mut path = Path::new(LANDFALL).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Unexpected members of an object are allowed, unexpected elements of a list are not.
fn compare(at: &str, expected: &Value, printed: &Value, differences: &mut String) {
    match (expected, printed) {
        (Value::Object(expected), Value::Object(_)) => {
            for (name, expected) in expected {
                compare(&format!("{at}.{name}"), expected, &printed[name], differences);
            }
        }
        (Value::Array(expected), Value::Array(printed)) if expected.len() == printed.len() => {
            for (index, (expected, printed)) in expected.iter().zip(printed).enumerate() {
                compare(&format!("{at}[{index}]"), expected, printed, differences);
            }
        }
        (expected, printed) if expected == printed => {}
        (expected, printed) => writeln!(differences, "{at} is {printed}, the page says {expected}").unwrap(),
    }
}

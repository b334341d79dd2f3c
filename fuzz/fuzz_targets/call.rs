//! Path, query and body of a call, against a server in this process.
//!
//! Every answer must be HTTP 200 with the envelope, on a connection that stays usable; a panic anywhere ends the run.
//! From the folder of the project:
//!
//! ```sh
//! cargo install cargo-fuzz
//! cargo +nightly fuzz run call -- -max_total_time=300
//! ```

#![no_main]

mod server;

use landfall::usersig;
use landfall_domain::time::{Clock, SystemClock};
use libfuzzer_sys::{Corpus, fuzz_target};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Runtime;

struct Target {
    /// In which the server runs.
    _runtime: Runtime,
    address: SocketAddr,
    query: String,
}

/// Starts the server once; it lives as long as the process.
fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let (runtime, address) = server::start();
        let usersig =
            usersig::make("administrator", server::APP, &server::key(), SystemClock.now(), 1 << 20);
        let query = format!("sdkappid={}&identifier=administrator&usersig={usersig}", server::APP);
        Target { _runtime: runtime, address, query }
    })
}

/// The first byte chooses how much is left to chance: a command to call with a good signature, or everything.
const PATHS: &[&str] = &[
    "/v4/group_open_http_svc/import_group",
    "/v4/group_open_http_svc/import_group_member",
    "/v4/group_open_http_svc/get_group_info",
    "/v4/group_open_http_svc/get_group_member_info",
    "/v4/group_open_http_svc/get_appid_group_list",
    "/v4/group_open_http_svc/destroy_group",
    "/v4/im_open_login_svc/account_import",
    "/v4/im_open_login_svc/multiaccount_import",
    "/v4/im_open_login_svc/account_check",
    "/v4/im_open_login_svc/account_delete",
];

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((&choice, rest)) = input.split_first() else {
        return Corpus::Reject;
    };
    let target = target();
    let (line, body) = match PATHS.get(usize::from(choice)) {
        Some(path) => (format!("{path}?{}", target.query), rest),
        None => {
            // A request line that is no HTTP is the library's to refuse, so it is left to visible ASCII.
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let visible = |byte: &u8| byte.is_ascii_graphic() && !b"\"<>#`{}|\\^".contains(byte);
            let url: String = rest[..end].iter().copied().filter(visible).map(char::from).collect();
            (format!("/{url}"), rest.get(end + 1..).unwrap_or_default())
        }
    };
    // These are no calls.
    let pages = ["/healthz", "/readyz", "/console/try", "/v4/gateway"];
    if pages.iter().any(|page| line.starts_with(page)) {
        return Corpus::Reject;
    }
    let answer = exchange(target.address, &line, body);
    assert!(answer.contains("\"ErrorCode\":") && answer.contains("\"ActionStatus\":\""), "{line}: {answer}");
    assert!(answer.contains("\"ErrorInfo\":\""), "{line}: {answer}");
    Corpus::Keep
});

/// One call on a connection that is kept; panics when the answer is not HTTP 200.
fn exchange(address: SocketAddr, line: &str, body: &[u8]) -> String {
    thread_local! {
        static CONNECTION: RefCell<Option<TcpStream>> = const { RefCell::new(None) };
    }
    CONNECTION.with_borrow_mut(|connection| {
        let stream = connection.get_or_insert_with(|| {
            let stream = TcpStream::connect(address).expect("the server accepts");
            stream.set_nodelay(true).expect("an option of sockets");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("an option of sockets");
            stream
        });
        let head = format!("POST {line} HTTP/1.1\r\nHost: f\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).expect("the connection is usable");
        stream.write_all(body).expect("the connection is usable");
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer).expect("an answer comes");
            assert!(0 < read, "the connection was closed: {line}");
            answer.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                assert!(head.starts_with("HTTP/1.1 200 "), "{line}: {head}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
                if length <= body.len() {
                    return body.to_owned();
                }
            }
        }
    })
}

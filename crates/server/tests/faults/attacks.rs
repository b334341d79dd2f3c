//! Attacks of unauthenticated callers on a server, and what they cost others: each attack ends by itself, and its cost is
//! read from the server's process. Times are printed and decide nothing.
//!
//! Callers from this machine are exempt from limits per address, so some of these servers exempt `127.0.0.1` alone
//! and are attacked from `127.0.0.2`.

use crate::server::{ADMIN, APP, Home, KEY, Server, usersig_of};
use landfall::usersig::{self, SecretKey};
use landfall_domain::ids::AppId;
use landfall_domain::time::{Clock as _, SystemClock, Timestamp};
use std::collections::VecDeque;
use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const STRANGER: &str = "127.0.0.2:0";
/// A call that is answered without the store.
const LIST: &str = "/v4/group_open_http_svc/get_appid_group_list";
/// Calls whose time is measured, and the number of turns.
const MEASURED: usize = 1_000;
const ROUNDS: usize = 10;
/// Limit of every wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// The resources of a server's process.
struct Held {
    descriptors: usize,
    resident_kib: u64,
    cpu: Duration,
}

fn held(server: &Server) -> Held {
    let process = format!("/proc/{}", server.process());
    let status = fs::read_to_string(format!("{process}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let stat = fs::read_to_string(format!("{process}/stat")).unwrap();
    // After the name in parentheses, which may hold spaces; in hundredths of a second.
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let hundredths: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Held {
        descriptors: fs::read_dir(format!("{process}/fd")).unwrap().count(),
        resident_kib: resident.trim().trim_end_matches(" kB").parse().unwrap(),
        cpu: Duration::from_millis(10 * hundredths),
    }
}

/// A connection from `local`.
async fn connect_from(local: &str, server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(local.parse().unwrap()).unwrap();
    socket.connect(server.address()).await.unwrap()
}

fn request(method: &str, target: &str, headers: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").into_bytes()
}

/// Requests a WebSocket.
fn upgrade(query: &str) -> Vec<u8> {
    let headers = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    request("GET", &format!("/v4/gateway?{query}"), headers)
}

fn query_of(account: &str, usersig: &str) -> String {
    format!("sdkappid={APP}&identifier={account}&usersig={usersig}")
}

fn good_query() -> String {
    query_of(ADMIN, &usersig_of(ADMIN, SystemClock.now()))
}

/// Reads until `part` has arrived; `None` when the connection ends before.
async fn reads_until(stream: &mut TcpStream, part: &str) -> Option<String> {
    let mut received = Vec::new();
    let reading = async {
        loop {
            let text = String::from_utf8_lossy(&received).into_owned();
            if text.contains(part) {
                return Some(text);
            }
            if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("nothing came in time")
}

/// `ErrorCode` of the answer to a call.
async fn code(stream: &mut TcpStream, query: &str) -> Option<u32> {
    stream.write_all(&request("GET", &format!("{LIST}?{query}"), "")).await.ok()?;
    let answer = reads_until(stream, "\"ErrorCode\":").await?;
    let (_, rest) = answer.split_once("\"ErrorCode\":").unwrap();
    Some(rest.split([',', '}']).next().unwrap().trim().parse().unwrap())
}

/// The time of good calls, each on a connection of its own.
async fn times_of_calls(address: SocketAddr) -> Vec<Duration> {
    let query = good_query();
    let mut times = Vec::new();
    for _ in 0..MEASURED / ROUNDS {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(code(&mut stream, &query).await, Some(0), "a good caller is served");
        times.push(begun.elapsed());
    }
    times
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// Does something a thousand times a second.
async fn each_millisecond(mut act: impl AsyncFnMut()) {
    let mut turns = tokio::time::interval(Duration::from_millis(1));
    loop {
        turns.tick().await;
        act().await;
    }
}

/// Attacks while others call, and prints the effect on them. The attack does not end by itself; it pauses while others
/// call alone, in turns, so that other work of the machine is in both times.
async fn attacked(name: &str, server: &Server, attack: impl Future<Output = ()>) {
    let mut attack = pin!(attack);
    let (mut alone, mut during) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.extend(times_of_calls(server.address()).await);
        during.extend(tokio::select! {
            times = times_of_calls(server.address()) => times,
            () = &mut attack => unreachable!("it goes on"),
        });
    }
    let (alone, during) = (p99(alone), p99(during));
    let times = during.as_secs_f64() / alone.as_secs_f64();
    println!("FIGURE {name}: p99 of others {alone:?} alone, {during:?} under attack: {times:.1} times");
}

/// A hundred unsigned upgrades a second.
async fn flood(server: &Server) {
    let mut kept = VecDeque::new();
    let mut turns = tokio::time::interval(Duration::from_millis(10));
    loop {
        turns.tick().await;
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        drop(stream.write_all(&[upgrade("").as_slice(), b"\x81"].concat()).await);
        kept.push_back(stream);
        if 1_000 < kept.len() {
            kept.pop_front();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsigned_upgrades_take_slots_like_all_connections() {
    const PLACES: usize = 50;
    const CLIENTS: usize = 20;
    const UPGRADES: usize = 3_000;
    let settings = "http.connections_max = 50\nclients.connections_max = 20\nlimits.calls_per_second = 0\n";
    let home = Home::embedded_with(settings);
    let server = home.start().await;
    let idle = held(&server).descriptors;
    let mut most = 0;
    let mut open = Vec::new();
    for number in 0..UPGRADES {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // Then half a frame follows.
        drop(stream.write_all(&[upgrade("").as_slice(), b"\x81"].concat()).await);
        open.push(stream);
        if number % 50 == 0 {
            most = most.max(held(&server).descriptors);
        }
    }
    println!("FIGURE upgrades: {} descriptors above {idle} at most", most - idle);
    assert!(most <= idle + PLACES + CLIENTS + 1, "{most} descriptors, {idle} at rest");
    drop(open);

    let clients = async {
        let mut admitted = 0;
        for _ in 0..40 {
            let mut stream = TcpStream::connect(server.address()).await.unwrap();
            stream.write_all(&upgrade(&good_query())).await.unwrap();
            admitted += usize::from(reads_until(&mut stream, "\"ready\"").await.is_some());
        }
        admitted
    };
    let admitted = tokio::select! {
        admitted = clients => admitted,
        () = flood(&server) => unreachable!("it goes on"),
    };
    println!("FIGURE upgrades: {admitted} of 40 good clients admitted");
    assert_eq!(admitted, 40);

    attacked("upgrades", &server, flood(&server)).await;
    server.stop().await;
}

/// Connections that send this and no more take all slots.
async fn make_room(name: &str, said: &[u8]) {
    let home = Home::embedded_with("http.connections_max = 100\nlimits.calls_per_second = 0\n");
    let server = home.start().await;
    let open = async || {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // The server may have closed it already.
        drop(stream.write_all(said).await);
        stream
    };
    let mut kept = VecDeque::new();
    for _ in 0..100 {
        kept.push_back(open().await);
    }
    let begun = Instant::now();
    let mut caller = TcpStream::connect(server.address()).await.unwrap();
    let served = tokio::time::timeout(Duration::from_secs(10), code(&mut caller, &good_query())).await;
    println!("FIGURE {name}: a good call is answered {served:?} after {:?}", begun.elapsed());
    assert_eq!(served, Ok(Some(0)), "a good caller is served although all slots were taken");
    let more = each_millisecond(async || {
        kept.push_back(open().await);
        kept.pop_front();
    });
    attacked(name, &server, more).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_make_room() {
    make_room("silent", b"").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_with_half_a_head_make_room() {
    make_room("half a head", b"POST /v4/openim/sendmsg HTTP/1.1\r\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_gets_its_share_of_the_connections() {
    const SHARE: usize = 20;
    let settings = "http.connections_max = 100\nhttp.connections_per_address_max = 20\n\
                    http.exempt_addresses = [\"127.0.0.1\"]\n";
    let home = Home::embedded_with(settings);
    let server = home.start().await;
    let mut from_one = Vec::new();
    for _ in 0..SHARE {
        from_one.push(connect_from(STRANGER, &server).await);
    }
    let mut one_more = connect_from(STRANGER, &server).await;
    assert_eq!(code(&mut one_more, &good_query()).await, None, "it is closed");
    assert_eq!(code(&mut from_one[SHARE - 1], &good_query()).await, Some(0), "the others stay");
    let mut other = connect_from("127.0.0.3:0", &server).await;
    assert_eq!(code(&mut other, &good_query()).await, Some(0), "other addresses have a share of their own");
    let mut exempt = Vec::new();
    for _ in 0..2 * SHARE {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        assert_eq!(code(&mut stream, &good_query()).await, Some(0), "exempt addresses have no share");
        exempt.push(stream);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_announced_takes_no_memory() {
    const BODIES: usize = 500;
    let home = Home::new();
    let server = home.start().await;
    let head = request("POST", &format!("{LIST}?{}", good_query()), "Content-Length: 2097152\r\n");
    let before = held(&server).resident_kib;
    let mut open = Vec::new();
    for _ in 0..BODIES {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(&head).await.unwrap();
        stream.write_all(b"{").await.unwrap();
        open.push(stream);
    }
    // Once a caller after them is answered, all of them are being read.
    assert_eq!(code(&mut TcpStream::connect(server.address()).await.unwrap(), &good_query()).await, Some(0));
    let grown = held(&server).resident_kib.saturating_sub(before);
    println!("FIGURE bodies: {grown} KiB more for {BODIES} bodies of which one byte has come");
    assert!(grown < 64 << 10, "{grown} KiB for {BODIES} bytes");
    let more = each_millisecond(async || {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        drop(stream.write_all(&head).await);
    });
    attacked("bodies", &server, more).await;
    server.stop().await;
}

/// Texts that are not signatures of the app, and the code of each.
fn bad_signatures() -> Vec<(&'static str, String, u32)> {
    let other_key = SecretKey::new("another key of the same length".to_owned()).unwrap();
    let wrong_key = usersig::make(ADMIN, APP, &other_key, SystemClock.now(), 1_000);
    vec![
        ("of another key", wrong_key, 70_009),
        ("as long as they may be", padded(1_900), 70_009),
        ("that inflate to 60 KiB", padded(60_000), 70_003),
        ("that are no base64", "x".repeat(2_000), 70_003),
    ]
}

/// A signature padded with unknown members to about this inflated length.
fn padded(bytes: usize) -> String {
    use base64::Engine as _;
    use std::io::Write as _;
    let mut document = format!(
        r#"{{"TLS.identifier":"{ADMIN}","TLS.sdkappid":{APP},"TLS.time":{},"TLS.expire":99,"TLS.sig":"x""#,
        SystemClock.now().0
    );
    while document.len() < bytes {
        document.push_str(r#","a":0"#);
    }
    document.push('}');
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(document.as_bytes()).unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(encoder.finish().unwrap());
    text.replace('+', "*").replace('/', "-").replace('=', "_")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_signature_costs_about_what_a_good_one_does() {
    const CALLS: u32 = 1_000;
    let home = Home::new();
    let server = home.start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let key = SecretKey::new(KEY.to_owned()).unwrap();
    let cpu_of = async |stream: &mut TcpStream, queries: &[String], expected| {
        let before = held(&server).cpu;
        for query in queries {
            assert_eq!(code(stream, query).await, Some(expected));
        }
        (held(&server).cpu - before) / CALLS
    };
    // Each new to the server, so that each is verified.
    let good = (0..u64::from(CALLS)).map(|age| Timestamp(SystemClock.now().0 - age));
    let good = good.map(|made| query_of(ADMIN, &usersig::make(ADMIN, AppId(APP.0), &key, made, 86_400)));
    let cost = cpu_of(&mut stream, &good.collect::<Vec<_>>(), 0).await;
    println!("FIGURE signatures: good ones cost {cost:?} each");
    for (what, usersig, expected) in bad_signatures() {
        let queries = vec![query_of(ADMIN, &usersig); usize::try_from(CALLS).unwrap()];
        let cost = cpu_of(&mut stream, &queries, expected).await;
        println!("FIGURE signatures: those {what} cost {cost:?} each");
    }
    let bad = query_of(ADMIN, &padded(60_000));
    let more = each_millisecond(async || {
        code(&mut stream, &bad).await;
    });
    attacked("signatures", &server, more).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_guesses_signatures_is_refused_and_others_are_not() {
    let home = Home::embedded_with("http.exempt_addresses = [\"127.0.0.1\"]\n");
    let server = home.start().await;
    let (mut stranger, mut own) =
        (connect_from(STRANGER, &server).await, TcpStream::connect(server.address()).await.unwrap());
    let known = good_query();
    assert_eq!(code(&mut stranger, &known).await, Some(0), "it is verified once");
    for (what, usersig, expected) in bad_signatures() {
        let bad = query_of(ADMIN, &usersig);
        let mut tries = 0;
        // A signature by this key for another account, or for a past time, is not a guess.
        let other = query_of("ann", &usersig_of(ADMIN, SystemClock.now()));
        assert!([Some(70_013), Some(70_050)].contains(&code(&mut stranger, &other).await));
        loop {
            match code(&mut stranger, &bad).await {
                Some(70_050) => break,
                answer => assert_eq!(answer, Some(expected), "{what}"),
            }
            tries += 1;
            assert!(tries < 1_000, "{what}: it may guess forever");
        }
        assert_eq!(code(&mut stranger, &known).await, Some(0), "{what}: what was verified before is good");
        assert_eq!(code(&mut own, &bad).await, Some(expected), "{what}: an exempt caller gets the reason");
    }
    // Clients are limited in the same way, and are asked to connect again later.
    let mut client = connect_from(STRANGER, &server).await;
    client.write_all(&upgrade(&query_of(ADMIN, &padded(60_000)))).await.unwrap();
    let refused = reads_until(&mut client, "connect again in a while").await.unwrap();
    assert!(refused.contains("70050"), "{refused}");
    let other_stranger = &mut connect_from("127.0.0.3:0", &server).await;
    let fresh = query_of(ADMIN, &usersig_of(ADMIN, Timestamp(SystemClock.now().0 - 5)));
    assert_eq!(code(other_stranger, &fresh).await, Some(0), "other addresses are not affected");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_a_client_that_are_not_requests_are_limited_too() {
    /// A masked frame; the mask is 0, so the text is legible.
    fn frame(text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
    }
    let home = Home::new();
    let server = home.start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(&upgrade(&good_query())).await.unwrap();
    reads_until(&mut stream, "\"ready\"").await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let pings = frame(r#"{"Command":"ping"}"#).repeat(1_000);
    let answers = AtomicUsize::new(0);
    let mut begun = Instant::now();
    let asking = async {
        begun = Instant::now();
        while to.write_all(&pings).await.is_ok() {}
    };
    let listening = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            answers
                .fetch_add(buffer[..length].iter().filter(|byte| **byte == b'}').count(), Ordering::Relaxed);
        }
    };
    attacked("pings", &server, async {
        tokio::join!(asking, listening);
    })
    .await;
    let (elapsed, answers) = (begun.elapsed(), answers.into_inner());
    println!("FIGURE pings: {answers} answers in {elapsed:?}");
    assert!(answers <= 1_000 + 100 * usize::try_from(elapsed.as_secs() + 1).unwrap(), "{answers}");
    server.stop().await;
}

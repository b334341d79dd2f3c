//! A wire between the tool and the server. It counts the bytes that the tool sends, and breaks where it is told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Little, so that it may break in the middle of a call.
const CHUNK_BYTES: usize = 4_096;

/// How a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The call does not arrive, or not to its end.
    Call,
    /// It arrives, and its answer does not.
    Answer,
    /// Half of its answer arrives, or of what comes of it at once.
    HalfAnswer,
    /// All connections break at once.
    Everything,
}

/// The wire, at an address that stays the same when the server is restarted.
pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: Mutex<SocketAddr>,
    breaks: Mutex<BTreeMap<u64, Break>>,
    bytes: watch::Sender<u64>,
    /// How often all connections were broken.
    all_broken: watch::Sender<u64>,
}

impl Proxy {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (bytes, all_broken) = (watch::Sender::new(0), watch::Sender::new(0));
        let shared = Shared { server: Mutex::new(server), breaks: Mutex::default(), bytes, all_broken };
        let shared = Arc::new(shared);
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { url, shared }
    }

    /// From now on connections go there.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        *self.shared.server.lock().unwrap() = server;
    }

    /// Bytes that came so far.
    pub(crate) fn bytes(&self) -> u64 {
        *self.shared.bytes.borrow()
    }

    /// Waits until so many bytes came.
    pub(crate) async fn reached(&self, bytes: u64) {
        self.shared.bytes.subscribe().wait_for(|came| bytes <= *came).await.unwrap();
    }

    /// Breaks when so many bytes came.
    pub(crate) fn break_at(&self, bytes: u64, how: Break) {
        self.shared.breaks.lock().unwrap().insert(bytes, how);
    }

    /// Breaks that are still to come.
    pub(crate) fn breaks_left(&self) -> usize {
        self.shared.breaks.lock().unwrap().len()
    }
}

impl Shared {
    /// Counts bytes; how the wire breaks at them.
    fn count(&self, bytes: usize) -> Option<Break> {
        let mut all = 0;
        self.bytes.send_modify(|came| {
            *came += bytes as u64;
            all = *came;
        });
        let mut breaks = self.breaks.lock().unwrap();
        let next = breaks.first_entry().filter(|next| *next.key() <= all);
        next.map(|next| next.remove())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let server = *shared.server.lock().unwrap();
            // Whoever comes while the server is away is turned out.
            let near = match TcpStream::connect(server).await {
                Ok(far) => carry(near, far, &shared).await,
                Err(_) => near,
            };
            // The other end is reset.
            near.set_zero_linger().unwrap();
        });
    }
}

/// Carries bytes until one of the two ends is closed, or the wire breaks.
async fn carry(mut near: TcpStream, mut far: TcpStream, shared: &Shared) -> TcpStream {
    let (mut up, mut down) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    let mut all_broken = shared.all_broken.subscribe();
    let mut broken = None;
    loop {
        tokio::select! {
            read = near.read(&mut up) => {
                let Ok(length @ 1..) = read else { return near };
                broken = shared.count(length).or(broken);
                if broken == Some(Break::Everything) {
                    shared.all_broken.send_modify(|times| *times += 1);
                }
                if broken == Some(Break::Call) || far.write_all(&up[..length]).await.is_err() {
                    return near;
                }
            }
            read = far.read(&mut down) => {
                let Ok(length @ 1..) = read else { return near };
                let arrives = match broken {
                    None => length,
                    Some(Break::HalfAnswer) => length / 2,
                    Some(Break::Call | Break::Answer | Break::Everything) => 0,
                };
                if near.write_all(&down[..arrives]).await.is_err() || arrives < length {
                    return near;
                }
            }
            _ = all_broken.changed() => return near,
        }
    }
}

//! A proxy between a server and its database, which can stop the traffic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The statement of the connection that listens to other servers.
const LISTENS: &[u8] = b"LISTEN";
const CHUNK_BYTES: usize = 16_384;

/// The state of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Working.
    Whole,
    /// Nothing arrives, and no connection ends.
    Silent,
    /// Nothing arrives on the connection that listens.
    ListenerSilent,
    /// The connection that listens ends, and so does every new one.
    ListenerCut,
}

/// A wire to a database.
pub(crate) struct Proxy {
    /// The database at this end of the wire.
    pub(crate) url: String,
    wire: Arc<watch::Sender<Wire>>,
}

impl Proxy {
    /// A wire to the database of `url`.
    pub(crate) async fn to(url: &str) -> Self {
        let (user, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{user}@{}/{database}", listener.local_addr().unwrap());
        let wire = Arc::new(watch::Sender::new(Wire::Whole));
        tokio::spawn(accept(listener, server.to_owned(), Arc::clone(&wire)));
        Self { url, wire }
    }

    pub(crate) fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn accept(listener: TcpListener, server: String, wire: Arc<watch::Sender<Wire>>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let Ok(far) = TcpStream::connect(&server).await else { continue };
        let (from_near, to_near) = near.into_split();
        let (from_far, to_far) = far.into_split();
        let listens = Arc::new(AtomicBool::new(false));
        for (from, to) in [(from_near, to_far), (from_far, to_near)] {
            let direction = Direction { listens: Arc::clone(&listens), wire: wire.subscribe() };
            tokio::spawn(direction.carry(from, to));
        }
    }
}

/// One of the two directions of a connection.
struct Direction {
    /// Whether it is the connection that listens.
    listens: Arc<AtomicBool>,
    wire: watch::Receiver<Wire>,
}

impl Direction {
    /// Carries bytes until one of the two ends is closed.
    async fn carry(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = tokio::select! {
                read = from.read(&mut chunk) => read,
                () = self.cut() => return,
            };
            let Ok(length @ 1..) = read else {
                // The other end learns that it was closed when this direction is dropped, and no earlier than it
                // would learn of anything else.
                self.lets_through().await;
                return;
            };
            if chunk[..length].windows(LISTENS.len()).any(|window| window == LISTENS) {
                self.listens.store(true, Ordering::SeqCst);
            }
            if !self.lets_through().await || to.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
    }

    /// Waits until this connection is cut.
    async fn cut(&mut self) {
        let listens = &self.listens;
        let cut = |wire: &Wire| *wire == Wire::ListenerCut && listens.load(Ordering::SeqCst);
        drop(self.wire.wait_for(cut).await);
    }

    /// Waits until bytes may pass; false when they never will.
    async fn lets_through(&mut self) -> bool {
        let listens = &self.listens;
        let flows = |wire: &Wire| match wire {
            Wire::Whole | Wire::ListenerCut => true,
            Wire::Silent => false,
            Wire::ListenerSilent => !listens.load(Ordering::SeqCst),
        };
        let wire = self.wire.wait_for(flows).await;
        wire.is_ok_and(|wire| *wire == Wire::Whole || !listens.load(Ordering::SeqCst))
    }
}

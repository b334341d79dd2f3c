//! A receiver that speaks HTTP by hand, so that it can also speak it badly.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the receiver does once it has read a request.
pub(super) enum Act {
    /// Writes this and waits for the next request.
    Say(String),
    /// Writes this and closes the connection.
    SayAndClose(String),
    /// Writes this and then nothing more.
    SayAndHang(String),
}

/// A request.
pub(super) struct ReceivedRequest {
    pub(super) line: String,
    /// Names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// How many requests came over its connection so far, with this one.
    pub(super) of_connection: usize,
}

/// Takes no more connections once it is dropped.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    received: mpsc::UnboundedReceiver<ReceivedRequest>,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(super) async fn start(act: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static) -> Self {
        Self::listen(None, act).await
    }

    /// With TLS.
    pub(super) async fn start_tls(
        tls: TlsAcceptor,
        act: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(tls), act).await
    }

    async fn listen(
        tls: Option<TlsAcceptor>,
        act: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let act = Arc::new(act);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let (sender, act, tls) = (sender.clone(), Arc::clone(&act), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &*act, &sender).await,
                        // A handshake that fails is the client's to tell.
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &*act, &sender).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { address, received, accepted, task }
    }

    /// The next request, in the order they came.
    pub(super) async fn next(&mut self) -> ReceivedRequest {
        self.received.recv().await.unwrap()
    }

    /// How many connections were opened.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// `None` when the client closed the connection.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    act: &impl Fn(&ReceivedRequest) -> Act,
    sender: &mpsc::UnboundedSender<ReceivedRequest>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    for of_connection in 1.. {
        let received = read(&mut stream, of_connection).await?;
        let act = act(&received);
        // A test that does not look at requests has dropped the other end when it ends.
        sender.send(received).ok()?;
        let (Act::Say(answer) | Act::SayAndClose(answer) | Act::SayAndHang(answer)) = &act;
        stream.write_all(answer.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        match act {
            Act::Say(_) => {}
            Act::SayAndClose(_) => return stream.shutdown().await.ok(),
            Act::SayAndHang(_) => std::future::pending().await,
        }
    }
    None
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin), of_connection: usize) -> Option<ReceivedRequest> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|count| 0 < *count)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(ReceivedRequest {
        line: lines[0].clone(),
        headers,
        body: String::from_utf8(body).unwrap(),
        of_connection,
    })
}

/// An answer with this body.
pub(super) fn say(body: &str) -> Act {
    Act::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// An answer that lets an event go on.
pub(super) fn ok() -> Act {
    say(r#"{"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "fine", "MsgBody": []}"#)
}

//! How the programs that the server is measured against listen and accept connections.

use anyhow::{Context as _, Result};
use clap::Args;
use std::io::Write as _;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// Where a program listens.
#[derive(Args)]
pub(crate) struct Endpoint {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Threads of the runtime
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

impl Endpoint {
    /// Runs `handle` for every connection, each on its own task, until the process is ended.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(super) fn serve<Handled>(&self, handle: impl Fn(TcpStream) -> Handled + Send + 'static) -> Result<()>
    where
        Handled: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.workers)
            .enable_io()
            .build()
            .context("cannot start the runtime")?;
        let listen = self.listen;
        // Connections are accepted on a worker, not on this thread, as the server does it.
        runtime.block_on(async move { tokio::spawn(accept(listen, handle)).await })?
    }
}

async fn accept<Handled>(listen: SocketAddr, handle: impl Fn(TcpStream) -> Handled) -> Result<()>
where
    Handled: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await.context("cannot accept a connection")?;
        stream.set_nodelay(true)?;
        tokio::spawn(handle(stream));
    }
}

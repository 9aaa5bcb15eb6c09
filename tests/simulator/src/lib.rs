//! A local server that speaks Hyperbolic's text-generation API. It answers with canned text and says so.
//!
//! Tests, examples and benches talk to it when no key is set. It counts what it sees by itself, coded apart from
//! the client, so that a test compares two counts. `tests/simulator/README.md` has its routes, faults and counters.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod body;
mod completion;
mod connection;
mod control;
mod errors;
mod exchange;
mod faults;
mod flight;
mod gate;
mod gzip;
mod limits;
mod random;
mod render;
mod request;
mod schema;
mod script;
mod server;
mod socket;
mod state;
mod stats;
mod text;
mod tls;
mod tools;

pub use connection::{End, Script as ConnectionScript};
pub use faults::Script;
pub use limits::Tier;
pub use state::Upload;
pub use stats::{Last, Stats};
pub use tls::{Certificate, TlsVersion};

use state::State;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 for any that is free.
    pub port: u16,
    /// Rate limits.
    pub tier: Tier,
    /// Length of the limits' minute.
    pub minute: Duration,
    /// Keys that are accepted. With none, any key is that does not begin with `wrong` or `invalid`.
    pub keys: Vec<String>,
    /// Whether to speak TLS, and HTTP/2 with clients that offer it.
    pub tls: bool,
    /// The one version of TLS to speak; without this, all.
    pub tls_version: Option<TlsVersion>,
    /// What is wrong with the certificate.
    pub certificate: Certificate,
    /// How many streams a connection of HTTP/2 may have at once; without this, hyper's 200.
    pub max_streams: Option<u32>,
    /// How long a connection may be idle before it is closed; without this, for ever.
    pub idle: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            tier: Tier::None,
            minute: Duration::from_secs(60),
            keys: Vec::new(),
            tls: false,
            tls_version: None,
            certificate: Certificate::Good,
            max_streams: None,
            idle: None,
        }
    }
}

/// A running server. Dropping it stops it.
pub struct Simulator {
    url: String,
    control_url: String,
    ca_pem: Option<String>,
    state: Arc<State>,
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a server on a thread of its own; it listens when this returns.
    pub fn start(options: Options) -> io::Result<Self> {
        let (tls, ca_pem) = match options.tls {
            true => tls::acceptor(&options).map(|(tls, pem)| (Some(tls), Some(pem)))?,
            false => (None, None),
        };
        let scheme = if options.tls { "https" } else { "http" };
        let state = State::new(&options);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let (bound, listening) = mpsc::channel();
        let serving = state.clone();
        let serve = async move {
            match listen(options.host, options.port).await {
                // Whoever started the server waits for this.
                Err(error) => drop(bound.send(Err(error))),
                Ok((api, control, addresses)) => {
                    let _ = bound.send(Ok(addresses));
                    tokio::join!(server::serve(api, tls, &serving), server::serve_control(control, &serving));
                }
            }
        };
        // The runtime stays on its thread from the start, so that callers may be workers of another.
        let thread = thread::Builder::new().name("simulator".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = serve => {}
                }
            });
        })?;
        let (api, control) = listening.recv().map_err(io::Error::other)??;
        let url = format!("{scheme}://{api}");
        let control_url = format!("http://{control}");
        Ok(Self { url, control_url, ca_pem, state, handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens: scheme, address and port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it takes control requests alone, without TLS.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// The authority to trust, where the server speaks TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The counters.
    pub fn stats(&self) -> Stats {
        self.state.stats()
    }

    /// The last request.
    pub fn last(&self) -> Last {
        self.state.last()
    }

    /// Blocks until the counters satisfy `condition`, and gives them; after `timeout`, an error that tells them.
    pub fn wait(
        &self,
        timeout: Duration,
        condition: impl FnMut(&Stats) -> bool + Send + 'static,
    ) -> Result<Stats, String> {
        let (reached, wait) = mpsc::channel();
        let state = self.state.clone();
        // On the server's own thread, so that callers may be workers of another runtime.
        let waiting = self.handle.spawn(async move { reached.send(state.wait_for(condition).await) });
        wait.recv_timeout(timeout).map_err(|_| {
            waiting.abort();
            format!("not reached within {timeout:?}: {:?}", self.stats())
        })
    }

    /// Sets the script for all requests that bring none.
    pub fn set_faults(&self, script: Script) {
        self.state.set_faults(script);
    }

    /// Sets the script for connections that are accepted from now on.
    pub fn set_connection_faults(&self, script: ConnectionScript) {
        self.state.set_connection_faults(script);
    }

    /// Ends every open connection, as `POST /simulator/disconnect` does; says how many.
    pub fn disconnect(&self, how: End) -> usize {
        let (done, ended) = mpsc::channel();
        let state = self.state.clone();
        self.handle.spawn(async move { done.send(state.disconnect(how).await) });
        // The server's thread lives as long as this object.
        ended.recv().unwrap_or_default()
    }

    /// Keeps a body for the fault `raw=name`.
    pub fn put_body(&self, name: &str, body: Upload) {
        self.state.put_body(name, body);
    }

    /// Forgets counters, faults, bodies and limits.
    pub fn reset(&self) {
        self.state.reset();
    }
}

/// The listeners of the API and of the control routes, and where they are.
async fn listen(host: IpAddr, port: u16) -> io::Result<(TcpListener, TcpListener, (SocketAddr, SocketAddr))> {
    let api = TcpListener::bind((host, port)).await?;
    let control = TcpListener::bind((host, 0)).await?;
    let addresses = (api.local_addr()?, control.local_addr()?);
    Ok((api, control, addresses))
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

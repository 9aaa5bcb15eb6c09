//! One connection, from its name to the protocol that is spoken on it.

use super::names::Names;
use super::proxy::{Hop, Way};
use super::tls::{self, HTTP_1, HTTP_2};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::sync::lock;
use crate::sys;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

/// When TCP asks whether a silent peer is still there, how often, and how many times: a link that is gone is noticed
/// after a minute, also where no byte is due.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);
/// How long what was sent may stay unconfirmed before the connection counts as dead.
const UNCONFIRMED: Duration = Duration::from_secs(30);

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A connection, and whether HTTP/2 is spoken on it.
pub struct Line {
    pub stream: Counted,
    pub http2: bool,
}

/// Makes connections to one server.
pub struct Dialer {
    way: Way,
    /// Scheme, host and port of the server.
    server: Uri,
    tls: Option<Arc<ClientConfig>>,
    /// For a proxy that is itself reached over TLS.
    proxy_tls: Option<Arc<ClientConfig>>,
    connector: HttpConnector<Names>,
}

impl Dialer {
    pub fn new(config: &Config, endpoint: &Endpoint) -> Result<Self, Error> {
        let way = Way::to(endpoint, &config.proxies);
        let over_tls =
            matches!(&way, Way::Forward(hop) | Way::Tunnel(hop) if hop.proxy.scheme_str() == Some("https"));
        let proxy_tls = if over_tls { Some(tls::configuration(config, &[HTTP_1])?) } else { None };
        let tls = if endpoint.is_tls() { Some(tls::configuration(config, &[HTTP_2, HTTP_1])?) } else { None };
        let mut connector = HttpConnector::new_with_resolver(Names);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(KEEPALIVE.0));
        connector.set_keepalive_interval(Some(KEEPALIVE.1));
        connector.set_keepalive_retries(Some(KEEPALIVE.2));
        sys::set_patience(&mut connector, UNCONFIRMED);
        // Shared out among the addresses of a name, so that a dead one leaves time for the next.
        connector.set_connect_timeout(config.connect);
        Ok(Self { way, server: endpoint.uri(), tls, proxy_tls, connector })
    }

    /// Whether HTTP/2 may come of it.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The proxy that wants the whole URL of every request.
    pub fn forward(&self) -> Option<&Hop> {
        match &self.way {
            Way::Forward(hop) => Some(hop),
            _ => None,
        }
    }

    /// Makes one connection.
    pub async fn dial(&self) -> Result<Line, BoxError> {
        let stream = self.reach().await?;
        let Some(tls) = &self.tls else {
            return Ok(Line { stream: Counted::new(stream), http2: false });
        };
        let stream = handshake(tls, &self.server, stream).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
        Ok(Line { stream: Counted::new(Box::new(stream)), http2 })
    }

    /// A connection to the server itself, or through a proxy.
    async fn reach(&self) -> Result<Box<dyn Transport>, BoxError> {
        let tcp = |uri: &Uri| self.connector.clone().call(uri.clone());
        match &self.way {
            Way::Straight => Ok(Box::new(tcp(&self.server).await?.into_inner())),
            Way::Forward(hop) => self.reach_proxy(hop).await,
            Way::Tunnel(hop) => {
                let proxy = self.reach_proxy(hop).await.map_err(of_proxy)?;
                let mut tunnel = Tunnel::new(hop.proxy.clone(), Made::new(proxy));
                if let Some(login) = &hop.login {
                    tunnel = tunnel.with_auth(login.clone());
                }
                Ok(tunnel.call(with_port(&self.server)?).await.map_err(|e| of_proxy(e.into()))?.into_inner())
            }
            Way::Socks4 { proxy, names } => {
                let made =
                    Made::new(Box::new(tcp(proxy).await.map_err(|e| of_proxy(e.into()))?.into_inner()));
                let server = self.named(*names).await?;
                let call = SocksV4::new(proxy.clone(), made).local_dns(false).call(server);
                Ok(call.await.map_err(|e| of_proxy(e.into()))?.into_inner())
            }
            Way::Socks5 { proxy, login, names } => {
                let made =
                    Made::new(Box::new(tcp(proxy).await.map_err(|e| of_proxy(e.into()))?.into_inner()));
                let mut socks = SocksV5::new(proxy.clone(), made);
                if let Some((user, password)) = login {
                    socks = socks.with_auth(user.clone(), password.clone());
                }
                let server = self.named(*names).await?;
                Ok(socks.call(server).await.map_err(|e| of_proxy(e.into()))?.into_inner())
            }
        }
    }

    async fn reach_proxy(&self, hop: &Hop) -> Result<Box<dyn Transport>, BoxError> {
        let stream = self.connector.clone().call(hop.proxy.clone()).await.map_err(|e| of_proxy(e.into()))?;
        let stream = Box::new(stream.into_inner());
        match &self.proxy_tls {
            Some(tls) => Ok(Box::new(handshake(tls, &hop.proxy, stream).await.map_err(of_proxy)?)),
            None => Ok(stream),
        }
    }

    /// The server as a SOCKS proxy is to hear of it: by its name, or by an address that is looked up here.
    async fn named(&self, by_proxy: bool) -> Result<Uri, BoxError> {
        let server = with_port(&self.server)?;
        let host = server.host().unwrap_or_default();
        if by_proxy || host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
            return Ok(server);
        }
        let name: Name = host.parse()?;
        let found = Names.call(name).await?.next().ok_or("the name of the server has no address")?;
        let address = std::net::SocketAddr::new(found.ip(), server.port_u16().unwrap_or_default());
        Ok(format!("{}://{address}/", server.scheme_str().unwrap_or("http")).parse()?)
    }
}

/// Proxies want the port also where it is the usual one.
fn with_port(server: &Uri) -> Result<Uri, BoxError> {
    if server.port().is_some() {
        return Ok(server.clone());
    }
    let (scheme, host) = (server.scheme_str().unwrap_or("http"), server.host().unwrap_or_default());
    let port = if scheme == "https" { 443 } else { 80 };
    Ok(format!("{scheme}://{host}:{port}/").parse()?)
}

/// Says that it was the proxy: a reader looks for the fault at the server first.
fn of_proxy(error: BoxError) -> BoxError {
    Box::new(ProxyError(error))
}

#[derive(Debug)]
struct ProxyError(BoxError);

impl std::fmt::Display for ProxyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the proxy")
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

async fn handshake(
    tls: &Arc<ClientConfig>,
    server: &Uri,
    stream: Box<dyn Transport>,
) -> Result<TlsStream<Box<dyn Transport>>, BoxError> {
    let host = server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())?;
    Ok(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?)
}

/// Anything that bytes go through.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl Transport for TcpStream {}
impl<T: Transport + ?Sized> Transport for Box<T> {}
impl<T: Transport> Transport for TlsStream<T> {}
#[cfg(test)]
impl Transport for tokio::io::DuplexStream {}

/// A connection that is there already, as the connector that proxies' protocols ask for one.
struct Made(Option<Box<dyn Transport>>);

impl Made {
    fn new(stream: Box<dyn Transport>) -> Self {
        Self(Some(stream))
    }
}

impl Service<Uri> for Made {
    type Response = TokioIo<Box<dyn Transport>>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let stream = self.0.take().ok_or_else(|| io::Error::other("a connection serves one handshake"));
        std::future::ready(stream.map(TokioIo::new))
    }
}

/// A transport that counts what comes in: whether a byte of an answer came decides what may be sent again.
pub struct Counted {
    stream: Box<dyn Transport>,
    received: Arc<AtomicU64>,
    watcher: Watcher,
}

/// Who wants to be woken, once, when all that came has been read.
pub type Watcher = Arc<Mutex<Option<Waker>>>;

impl Counted {
    /// Counts from now on.
    pub fn new(stream: Box<dyn Transport>) -> Self {
        Self { stream, received: Arc::default(), watcher: Arc::default() }
    }

    /// Where to ask to be woken.
    pub fn watcher(&self) -> Watcher {
        Arc::clone(&self.watcher)
    }

    /// Bytes received so far.
    pub fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.received.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        // Who reads has looked at what it had before it asks for more.
        if read.is_pending()
            && let Some(waker) = lock(&self.watcher).take()
        {
            waker.wake();
        }
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::Dialer;
    use crate::config::Config;
    use crate::error::Status;
    use crate::net::fault::no_connection;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// As where the proxy answers a request for plain http: the next attempt would be refused too.
    #[tokio::test]
    async fn a_proxy_that_wants_another_password_is_not_asked_again() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = Config::default();
        config.set_base_url("https://server.example").unwrap();
        config.proxies.https = Some(format!("http://user:password@{}", proxy.local_addr().unwrap()));
        let dialer = Dialer::new(&config, &config.endpoint().unwrap()).unwrap();
        let refuses = async {
            let (mut asked, _) = proxy.accept().await.unwrap();
            assert!(asked.read(&mut [0; 1024]).await.unwrap() > 0);
            asked.write_all(b"HTTP/1.1 407 No\r\n\r\n").await.unwrap();
        };
        let (dialled, ()) = tokio::join!(dialer.dial(), refuses);
        let error = no_connection(&*dialled.err().unwrap(), None);
        assert_eq!((error.status, error.retryable), (Status::Connect, false));
        assert!(error.message.as_str().contains("407"), "{error:?}");
    }
}

//! What a client is made with. Every setter checks its value and names its field.

use crate::endpoint::{DEFAULT_BASE_URL, Endpoint};
use crate::error::Error;
use crate::key::Key;
use crate::log::Level;
use crate::net::proxy::check_proxy;
use crate::pacing::Rates;
use crate::policy::{Limit, Policy};
use crate::wire::Limits;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Proxies, each for requests of one kind.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For `http://` servers.
    pub http: Option<String>,
    /// For `https://` servers.
    pub https: Option<String>,
    /// Hosts that are reached without one, in the form of the variable `NO_PROXY`.
    pub except: Option<String>,
}

/// The settings of a client.
// Not Debug: a proxy's address may hold a password.
#[derive(Clone)]
pub struct Config {
    pub(crate) key: Option<Key>,
    /// `None` is the vendor's.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) headers: HeaderMap,
    pub(crate) user_agent: HeaderValue,
    pub(crate) roots: RootCertStore,
    /// The system's authorities instead of the browsers'.
    pub(crate) system_roots: bool,
    pub(crate) proxies: Proxies,
    /// Name lookup, TCP, TLS and proxy together.
    pub(crate) connect: Limit,
    pub(crate) policy: Policy,
    /// Whether a comment of the server ends a silence.
    pub(crate) comments_count: bool,
    pub(crate) rates: Rates,
    /// In nano-USD.
    pub(crate) spending_limit: Option<i64>,
    pub(crate) recording: Option<Recording>,
    pub(crate) log_level: Level,
    pub(crate) log_bodies: bool,
    pub(crate) streaming: bool,
    pub(crate) allow_http: bool,
    pub(crate) limits: Limits,
    /// Bytes of names and values in the head of an answer.
    pub(crate) header_bytes: usize,
    /// Bytes of one request's events that may wait in its queue before its answer is read on.
    pub(crate) queue_bytes: usize,
    pub(crate) strict: bool,
}

/// The vendor's tiers of customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// No limit.
    None,
    /// Who has not paid yet.
    Basic,
    /// Who has.
    Pro,
}

/// The models that have a limit of their own.
const LARGE: [&str; 2] = ["meta-llama/Meta-Llama-3.1-405B", "meta-llama/Meta-Llama-3.1-405B-Instruct"];

impl Tier {
    /// Requests a minute in all, and to each large model, as the vendor's page on limits has them.
    const fn per_minute(self) -> (Option<NonZeroU32>, Option<NonZeroU32>) {
        match self {
            Self::None => (None, None),
            Self::Basic => (NonZeroU32::new(60), NonZeroU32::new(5)),
            Self::Pro => (NonZeroU32::new(600), NonZeroU32::new(120)),
        }
    }
}

/// A file of exchanges.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(crate) path: PathBuf,
    pub(crate) mode: Mode,
}

/// What is done with a file of exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is written.
    Record,
    /// It answers, at once.
    Replay,
    /// It answers, in the time that the server took.
    ReplayTimed,
}

/// A bound on what a server may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Bytes of one line of a stream.
    Line,
    /// Bytes of the data of one event.
    Event,
    /// Bytes kept of an answer, and of a body that is no stream.
    Answer,
    /// Bytes kept of the body of an error.
    ErrorBody,
    /// Bytes of names and values in the head of an answer.
    Headers,
    /// Brackets inside brackets.
    JsonDepth,
    /// Choices of an answer.
    Choices,
    /// Tool calls of a choice.
    ToolCalls,
    /// Bytes of one request's events that may wait in its queue before its answer is read on.
    Queue,
}

impl Default for Config {
    /// The vendor's server, no key.
    fn default() -> Self {
        Self {
            key: None,
            endpoint: None,
            headers: HeaderMap::new(),
            user_agent: HeaderValue::from_static(concat!("libhyperbolic/", env!("CARGO_PKG_VERSION"))),
            roots: RootCertStore::empty(),
            system_roots: false,
            proxies: Proxies::default(),
            connect: Some(Duration::from_secs(10)),
            policy: Policy::default(),
            comments_count: true,
            rates: Rates::default(),
            spending_limit: None,
            recording: None,
            log_level: Level::Off,
            log_bodies: false,
            streaming: true,
            allow_http: false,
            limits: Limits::default(),
            // What the web's servers allow each other, with room: nginx 32 KiB, Apache 8 KiB a line.
            header_bytes: 64 << 10,
            queue_bytes: 1 << 20,
            strict: false,
        }
    }
}

impl Config {
    /// Where requests go.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
        self.endpoint.clone().map_or_else(|| Endpoint::new(DEFAULT_BASE_URL), Ok)
    }

    /// Whether nothing is ever sent.
    pub(crate) fn is_replay(&self) -> bool {
        self.recording.as_ref().is_some_and(|recording| recording.mode != Mode::Record)
    }

    /// Whether nothing is waited for: neither a server nor a turn.
    pub(crate) fn is_at_once(&self) -> bool {
        self.recording.as_ref().is_some_and(|recording| recording.mode == Mode::Replay)
    }

    /// The key that is sent as a Bearer token.
    pub fn set_api_key(&mut self, key: &str) -> Result<(), Error> {
        self.key = Some(Key::new(key)?);
        Ok(())
    }

    /// The server.
    pub fn set_base_url(&mut self, url: &str) -> Result<(), Error> {
        self.endpoint = Some(Endpoint::new(url)?);
        Ok(())
    }

    /// Adds a header to every request; a name that was set before gets the new value.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let bad = |problem: &str| Error::invalid("header", format!("{name:?} {problem}"));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("is not a header name"))?;
        // These describe a message that the library writes.
        if [CONTENT_LENGTH, CONTENT_TYPE, HOST].contains(&parsed) || parsed == "transfer-encoding" {
            return Err(bad("belongs to the library"));
        }
        let mut value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| bad("has a value with a control character"))?;
        // Gateways take their own keys in headers, under any name.
        value.set_sensitive(true);
        if parsed == AUTHORIZATION {
            return Err(bad("is made from the API key; set that"));
        }
        self.headers.insert(parsed, value);
        Ok(())
    }

    /// Replaces the User-Agent.
    pub fn set_user_agent(&mut self, text: &str) -> Result<(), Error> {
        self.user_agent = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| Error::invalid("user_agent", "holds a control character"))?;
        Ok(())
    }

    /// Trusts the certificates of a PEM text beside the built-in roots.
    pub fn add_ca_pem(&mut self, pem: &[u8]) -> Result<(), Error> {
        let bad = |problem: String| Error::invalid("ca_pem", problem);
        let mut found = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| bad(format!("cannot be read ({e})")))?;
            found.add(certificate).map_err(|e| bad(format!("holds a certificate that is none ({e})")))?;
        }
        if found.is_empty() {
            return Err(bad("holds no CERTIFICATE block".to_owned()));
        }
        self.roots.extend(found.roots);
        Ok(())
    }

    /// Sends every request through a proxy; an empty address means none.
    pub fn set_proxy(&mut self, url: &str) -> Result<(), Error> {
        let url = Some(url).filter(|url| !url.is_empty());
        url.map_or(Ok(()), check_proxy)?;
        self.proxies.http = url.map(str::to_owned);
        self.proxies.https = url.map(str::to_owned);
        Ok(())
    }

    /// Hosts that are reached without the proxy, in the form of the variable `NO_PROXY`.
    pub fn set_no_proxy(&mut self, hosts: &str) {
        self.proxies.except = Some(hosts.to_owned());
    }

    /// Trusts the system's authorities instead of the browsers'.
    pub fn set_system_roots(&mut self, on: bool) {
        self.system_roots = on;
    }

    /// Limits the making of a connection.
    pub fn set_connect(&mut self, limit: Limit) {
        self.connect = limit;
    }

    /// How long requests may take and how often they are sent.
    pub fn policy(&mut self) -> &mut Policy {
        &mut self.policy
    }

    /// Whether a keep-alive comment ends a silence.
    pub fn set_comments_count(&mut self, on: bool) {
        self.comments_count = on;
    }

    /// Sets the pace to what a tier allows.
    pub fn set_tier(&mut self, tier: Tier) {
        let (all, large) = tier.per_minute();
        self.rates.per_minute = all;
        self.rates.models =
            large.iter().flat_map(|rate| LARGE.map(|model| (model.to_owned(), *rate))).collect();
    }

    /// Limits the requests of a minute; 0 is no limit.
    pub fn set_per_minute(&mut self, requests: u32) {
        self.rates.per_minute = NonZeroU32::new(requests);
    }

    /// Limits the requests of a minute to one model; 0 is no limit.
    pub fn set_model_per_minute(&mut self, model: &str, requests: u32) -> Result<(), Error> {
        if model.is_empty() {
            return Err(Error::invalid("model", "is empty"));
        }
        self.rates.models.retain(|(known, _)| known != model);
        if let Some(requests) = NonZeroU32::new(requests) {
            self.rates.models.push((model.to_owned(), requests));
        }
        Ok(())
    }

    /// Limits the requests that are with the server at once; 0 is no limit.
    pub fn set_concurrent(&mut self, requests: u32) {
        self.rates.concurrent = NonZeroU32::new(requests);
    }

    /// Limits what may be spent, in nano-USD; 0 is no limit.
    pub fn set_spending_limit(&mut self, nanousd: i64) -> Result<(), Error> {
        if nanousd < 0 {
            return Err(Error::invalid("spending_limit", "is negative"));
        }
        self.spending_limit = (nanousd != 0).then_some(nanousd);
        Ok(())
    }

    /// Writes each exchange to a file, or answers from one.
    pub fn set_recording(&mut self, path: &str, mode: Mode) -> Result<(), Error> {
        if path.is_empty() {
            return Err(Error::invalid("path", "is empty"));
        }
        self.recording = Some(Recording { path: path.into(), mode });
        Ok(())
    }

    /// How much the client's log tells.
    pub fn set_log_level(&mut self, level: Level) {
        self.log_level = level;
    }

    /// Whether it tells bodies.
    pub fn set_log_bodies(&mut self, on: bool) {
        self.log_bodies = on;
    }

    /// Whether answers are asked for as streams; off is for servers that cannot.
    pub fn set_streaming(&mut self, on: bool) {
        self.streaming = on;
    }

    /// Sets one of the bounds. An answer beyond it fails, but for that of the queue.
    pub fn set_limit(&mut self, bound: Bound, value: u64) -> Result<(), Error> {
        let bad = |problem| Err(Error::invalid("limit", problem));
        match (bound, value) {
            (_, 0) => return bad("is 0, which would refuse every answer"),
            (Bound::JsonDepth, 257..) => return bad("of the JSON depth is above 256"),
            _ => {}
        }
        let value = usize::try_from(value).unwrap_or(usize::MAX);
        *match bound {
            Bound::Line => &mut self.limits.line,
            Bound::Event => &mut self.limits.event,
            Bound::Answer => &mut self.limits.answer,
            Bound::ErrorBody => &mut self.limits.error_body,
            Bound::Headers => &mut self.header_bytes,
            Bound::JsonDepth => &mut self.limits.json_depth,
            Bound::Choices => &mut self.limits.choices,
            Bound::ToolCalls => &mut self.limits.tool_calls,
            Bound::Queue => &mut self.queue_bytes,
        } = value;
        Ok(())
    }

    /// Whether what is otherwise understood and counted fails.
    pub fn set_strict(&mut self, on: bool) {
        self.strict = on;
    }

    /// Lets the key travel over plain http to another machine.
    pub fn set_allow_http(&mut self, on: bool) {
        self.allow_http = on;
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Config};

    #[test]
    fn bad_values_name_their_field() {
        let mut config = Config::default();
        for (field, result) in [
            ("header: \"a b\"", config.set_header("a b", "1")),
            ("header: \"x\"", config.set_header("x", "1\r\n2")),
            ("header: \"Content-Length\"", config.set_header("Content-Length", "1")),
            ("header: \"Authorization\"", config.set_header("Authorization", "Basic x")),
            ("user_agent: ", config.set_user_agent("a\nb")),
            ("ca_pem: ", config.add_ca_pem(b"no certificate")),
            (
                "ca_pem: ",
                config.add_ca_pem(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            ),
            ("ca_pem: ", config.add_ca_pem(b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n")),
            ("proxy: ", config.set_proxy("::")),
            ("proxy: ", config.set_proxy("ftp://a.b")),
            ("limit: ", config.set_limit(Bound::Line, 0)),
            ("limit: ", config.set_limit(Bound::JsonDepth, 257)),
        ] {
            let error = result.unwrap_err();
            assert!(error.message.as_str().starts_with(field), "{field} {error}");
        }
        assert!(config.set_proxy("").is_ok());
        // A name in a title or an agent need not be English.
        assert!(config.set_header("X-Title", "Grüße\t你好").is_ok());
        assert!(config.set_user_agent("Café/1").is_ok());
    }
}

//! Where the API is: every way in which people write a base URL, made one.

use crate::error::Error;
use http::Uri;
use std::net::IpAddr;
use url::Url;

/// The vendor's own API.
pub const DEFAULT_BASE_URL: &str = "https://api.hyperbolic.xyz/v1";

/// The route of a request, below the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `POST …/chat/completions`
    ChatCompletions,
    /// `POST …/completions`
    Completions,
    /// `GET …/models`
    Models,
}

impl Route {
    /// The longest first: a path that ends with one of the others' names must not be cut twice.
    const ALL: [Self; 3] = [Self::ChatCompletions, Self::Completions, Self::Models];

    /// Its path below the base.
    pub fn name(self) -> &'static str {
        self.path().trim_start_matches('/')
    }

    const fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Completions => "/completions",
            Self::Models => "/models",
        }
    }
}

/// A base URL: its path has no slash at the end, its query (some gateways want one) goes with every request.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: Url,
}

impl Endpoint {
    /// Takes a base with or without a slash at its end, with or without `/v1`, or a whole endpoint of the API.
    pub fn new(text: &str) -> Result<Self, Error> {
        let bad = |problem: &str| Error::invalid("base_url", problem);
        let mut base = Url::parse(text.trim()).map_err(|e| bad(&format!("is not a URL ({e})")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad("must begin with https:// or http://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(bad("must hold no user name or password; set a header instead"));
        }
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/');
        let whole = Route::ALL.iter().find_map(|route| path.strip_suffix(route.path()));
        // A path that names its version, such as /api/v3, is left alone; any other lacks the API's.
        let versioned = path.split('/').any(is_version);
        let path = match whole {
            Some(path) => path.to_owned(),
            None if versioned => path.to_owned(),
            None => format!("{path}/v1"),
        };
        base.set_path(&path);
        Ok(Self { base })
    }

    /// The address of a route.
    pub fn url(&self, route: Route) -> Url {
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&(base + route.path()));
        url
    }

    /// The same, as requests carry it.
    pub fn uri_of(&self, route: Route) -> Uri {
        // Every URL of http that one parser takes, the other does; the default names no server.
        self.url(route).as_str().parse().unwrap_or_default()
    }

    /// Where a redirect points: mostly without the server's name.
    pub fn join(&self, target: &str) -> Option<String> {
        self.base.join(target).ok().map(String::from)
    }

    /// Scheme, host and port.
    pub fn uri(&self) -> Uri {
        let server = self.base.origin().ascii_serialization();
        server.parse().unwrap_or_default()
    }

    /// Whether a key may travel to it: TLS, or a server on this machine.
    pub fn is_private(&self) -> bool {
        self.is_tls() || self.is_local()
    }

    /// Whether it is reached over TLS.
    pub fn is_tls(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        is_local(&self.base)
    }
}

/// Whether an address is on this machine.
pub fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.map_or(host == "localhost", |ip| ip.is_loopback())
    })
}

/// `v` and a digit, as in v1, v1beta, v4.
fn is_version(segment: &str) -> bool {
    let mut letters = segment.bytes();
    letters.next() == Some(b'v') && letters.next().is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_BASE_URL, Endpoint, Route};

    #[test]
    fn every_way_to_write_it() {
        for (written, chat) in [
            (DEFAULT_BASE_URL, "https://api.hyperbolic.xyz/v1/chat/completions"),
            ("https://api.hyperbolic.xyz", "https://api.hyperbolic.xyz/v1/chat/completions"),
            (" https://api.hyperbolic.xyz/ ", "https://api.hyperbolic.xyz/v1/chat/completions"),
            ("https://api.hyperbolic.xyz/v1/", "https://api.hyperbolic.xyz/v1/chat/completions"),
            ("https://a.b/v1/chat/completions", "https://a.b/v1/chat/completions"),
            ("https://a.b/v1/completions/", "https://a.b/v1/chat/completions"),
            ("https://a.b/v1/models", "https://a.b/v1/chat/completions"),
            ("http://[::1]:8080", "http://[::1]:8080/v1/chat/completions"),
            ("https://a.b/api/v3", "https://a.b/api/v3/chat/completions"),
            ("https://a.b/v1beta/openai/", "https://a.b/v1beta/openai/chat/completions"),
            ("https://a.b/proxy", "https://a.b/proxy/v1/chat/completions"),
            ("https://a.b/x/chat/completions", "https://a.b/x/chat/completions"),
            ("https://a.b/chat/completions", "https://a.b/chat/completions"),
            ("https://a.b/v1?api-version=2#top", "https://a.b/v1/chat/completions?api-version=2"),
        ] {
            assert_eq!(
                Endpoint::new(written).unwrap().url(Route::ChatCompletions).as_str(),
                chat,
                "{written}"
            );
        }
    }

    /// The table in docs/servers.md: what is written, and what is asked.
    #[test]
    fn as_the_documents_say() {
        let rows: Vec<(&str, &str)> = include_str!("../../docs/servers.md")
            .lines()
            .filter_map(|line| {
                let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
                let (_, written, chat) = (cells.next()?, cells.next()?, cells.next()?);
                chat.contains("/chat/completions").then_some((written, chat))
            })
            .collect();
        assert!(rows.len() >= 12, "{rows:?}");
        for (written, chat) in rows {
            assert_eq!(
                Endpoint::new(written).unwrap().url(Route::ChatCompletions).as_str(),
                chat,
                "{written}"
            );
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for bad in ["", "api.hyperbolic.xyz", "ftp://a.b", "https://user:pw@a.b", "https://"] {
            let error = Endpoint::new(bad).unwrap_err();
            assert!(error.message.as_str().starts_with("base_url: "), "{bad}: {error}");
        }
    }

    #[test]
    fn knows_where_a_key_may_go() {
        for (url, private) in [
            ("https://a.b", true),
            ("http://a.b", false),
            ("http://localhost:1", true),
            ("http://127.8.0.1", true),
            ("http://[::1]", true),
            ("http://localhost.a.b", false),
            ("http://192.168.0.1", false),
        ] {
            assert_eq!(Endpoint::new(url).unwrap().is_private(), private, "{url}");
        }
    }
}

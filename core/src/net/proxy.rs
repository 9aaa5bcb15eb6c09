//! Proxies: which one leads to a server, and how it is talked to.

use crate::config::Proxies;
use crate::endpoint::{Endpoint, is_local};
use crate::error::Error;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// How a server is reached.
#[derive(Clone)]
pub enum Way {
    /// Without a proxy.
    Straight,
    /// By a proxy that is asked for the whole URL: plain http only.
    Forward(Hop),
    /// Through a tunnel that an HTTP proxy opens.
    Tunnel(Hop),
    /// By SOCKS 4, which knows no passwords. With `names`, the proxy looks names up.
    Socks4 {
        /// The proxy.
        proxy: Uri,
        /// Whether the proxy looks names up.
        names: bool,
    },
    /// By SOCKS 5.
    Socks5 {
        /// The proxy.
        proxy: Uri,
        /// User and password.
        login: Option<(String, String)>,
        /// Whether the proxy looks names up.
        names: bool,
    },
}

/// An HTTP proxy.
#[derive(Clone)]
pub struct Hop {
    /// Its address; `https` means TLS to the proxy itself.
    pub proxy: Uri,
    /// What it wants to see in Proxy-Authorization.
    pub login: Option<HeaderValue>,
}

impl Way {
    /// The way to a server, by these settings.
    pub fn to(endpoint: &Endpoint, proxies: &Proxies) -> Self {
        let Some(found) = leading(proxies, endpoint).and_then(|url| {
            let except = proxies.except.as_deref().unwrap_or_default();
            // The matcher takes "*" for names only; curl, for every host.
            if except.split(',').any(|host| host.trim() == "*") {
                return None;
            }
            Matcher::builder().all(url).no(except).build().intercept(&endpoint.uri())
        }) else {
            return Self::Straight;
        };
        let proxy = found.uri().clone();
        let login = || found.raw_auth().map(|(user, password)| (user.to_owned(), password.to_owned()));
        match proxy.scheme_str().unwrap_or_default() {
            "socks4" => Self::Socks4 { proxy, names: false },
            "socks4a" => Self::Socks4 { proxy, names: true },
            "socks5" => Self::Socks5 { login: login(), proxy, names: false },
            "socks5h" => Self::Socks5 { login: login(), proxy, names: true },
            _ => {
                let hop = Hop { proxy, login: found.basic_auth().cloned() };
                if endpoint.is_tls() { Self::Tunnel(hop) } else { Self::Forward(hop) }
            }
        }
    }
}

/// The proxy that leads to a server, but for the hosts that are excepted.
fn leading<'a>(proxies: &'a Proxies, endpoint: &Endpoint) -> Option<&'a str> {
    let url = if endpoint.is_tls() { &proxies.https } else { &proxies.http }.as_deref()?;
    // A key may travel over plain http to this machine; by a proxy elsewhere it would leave it. And "localhost" is
    // another machine there.
    let leaves = endpoint.is_local() && !Url::parse(url).is_ok_and(|proxy| is_local(&proxy));
    (!leaves).then_some(url)
}

/// The address of a proxy, as a variable has it: without a scheme it is an http proxy, as for curl.
pub fn proxy_url(text: &str) -> Result<String, Error> {
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    check_proxy(&url).map(|()| url)
}

/// Whether `url` names a proxy of a kind that can be used.
pub fn check_proxy(url: &str) -> Result<(), Error> {
    let bad = |problem: &str| Error::invalid("proxy", problem);
    let parsed = Url::parse(url).map_err(|e| bad(&format!("is not a URL ({e})")))?;
    if !matches!(parsed.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Err(bad("must begin with http://, https:// or socks5://"));
    }
    // What a URL may hold and the parser of requests does not take.
    let usable = url.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    if usable { Ok(()) } else { Err(bad("is not an address; write special characters of a password as %XX")) }
}

#[cfg(test)]
mod tests {
    use super::{Way, leading, proxy_url};
    use crate::config::Proxies;
    use crate::endpoint::Endpoint;

    #[test]
    fn a_request_to_this_machine_does_not_leave_it() {
        let (near, far) = ("http://127.0.0.1:1".to_owned(), "http://user:pw@proxy.example:1".to_owned());
        let by = |http: &String, server: &str| {
            let proxies = Proxies { http: Some(http.clone()), https: Some(far.clone()), except: None };
            leading(&proxies, &Endpoint::new(server).unwrap()).map(str::to_owned)
        };
        assert_eq!(by(&near, "http://localhost:8080"), Some(near.clone()));
        assert_eq!(by(&far, "http://localhost:8080"), None);
        assert_eq!(by(&far, "http://[::1]:8080"), None);
        assert_eq!(by(&far, "http://a.b"), Some(far.clone()));
        assert_eq!(by(&near, "https://a.b"), Some(far.clone()));
    }

    #[test]
    fn a_proxy_is_written_as_for_curl() {
        assert_eq!(proxy_url("proxy.example:3128").unwrap(), "http://proxy.example:3128");
        assert_eq!(proxy_url("127.0.0.1:3128").unwrap(), "http://127.0.0.1:3128");
        assert_eq!(proxy_url("socks5://a:1").unwrap(), "socks5://a:1");
        assert!(proxy_url("gopher://a").is_err());
        assert!(proxy_url("::").is_err());
    }

    #[test]
    fn the_kind_of_proxy_and_its_password() {
        let way = |proxy: &str, server: &str, except: &str| {
            let proxies = Proxies {
                http: Some(proxy.to_owned()),
                https: Some(proxy.to_owned()),
                except: Some(except.to_owned()),
            };
            Way::to(&Endpoint::new(server).unwrap(), &proxies)
        };
        let Way::Forward(hop) = way("http://u%40x:p%3A%2F@p:1", "http://a.b", "") else { panic!() };
        assert_eq!(hop.login.unwrap(), "Basic dUB4OnA6Lw==");
        let Way::Tunnel(hop) = way("https://p:1", "https://a.b", "c.d") else { panic!() };
        assert!(hop.login.is_none() && hop.proxy.scheme_str() == Some("https"));
        let Way::Socks5 { login, names, .. } = way("socks5h://u:p%40w@p:1", "https://a.b", "") else {
            panic!()
        };
        assert_eq!((login, names), (Some(("u".to_owned(), "p@w".to_owned())), true));
        assert!(matches!(way("socks4://p:1", "https://a.b", ""), Way::Socks4 { names: false, .. }));
        for except in ["a.b", ".b", "x, a.b", "*"] {
            assert!(matches!(way("http://p:1", "https://a.b", except), Way::Straight), "{except}");
        }
        assert!(matches!(way("http://p:1", "https://10.1.2.3", "x, *"), Way::Straight));
        assert!(matches!(way("http://p:1", "https://10.1.2.3", "10.1.0.0/16"), Way::Straight));
    }
}

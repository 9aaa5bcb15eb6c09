//! What the environment says of a client, in the variables that other programs read too.

use crate::config::Config;
use crate::error::Error;
use crate::net::proxy::proxy_url;
use zeroize::Zeroizing;

const API_KEY: &str = "HYPERBOLIC_API_KEY";
const BASE_URL: &str = "HYPERBOLIC_BASE_URL";

impl Config {
    /// Applies the environment, of which `read` gives one variable at a time. An empty variable is an unset one.
    pub fn read_env(&mut self, read: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<(), Error> {
        let get = |name: &str| match read(name).map(std::ffi::OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(Err(_)) => Err(Error::invalid(name, "is not UTF-8")),
        };
        let proxy = |names: &[&str]| {
            for name in names {
                if let Some(url) = get(name)? {
                    return proxy_url(&url).map(Some).map_err(|e| e.about(name));
                }
            }
            Ok(None)
        };
        if let Some(key) = get(API_KEY)?.map(Zeroizing::new) {
            self.set_api_key(&key).map_err(|e| e.about(API_KEY))?;
        }
        if let Some(url) = get(BASE_URL)? {
            self.set_base_url(&url).map_err(|e| e.about(BASE_URL))?;
        }
        self.allow_http = get("HYPERBOLIC_ALLOW_HTTP")?.is_some_and(|value| value == "1");
        // HTTP_PROXY in capitals is what a CGI server makes of a client's "Proxy:" header, so it is not trusted.
        self.proxies.http = proxy(&["http_proxy", "all_proxy", "ALL_PROXY"])?;
        self.proxies.https = proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?;
        self.proxies.except = get("no_proxy")?.or(get("NO_PROXY")?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::endpoint::Route;

    #[test]
    fn reads_the_environment() {
        let mut config = Config::default();
        let read = |name: &str| {
            let value = match name {
                "HYPERBOLIC_API_KEY" => "k",
                "HYPERBOLIC_BASE_URL" => "http://localhost:1",
                "HYPERBOLIC_ALLOW_HTTP" => "1",
                "ALL_PROXY" => "socks5://127.0.0.1:1080",
                "https_proxy" => "http://127.0.0.1:3128",
                "HTTP_PROXY" => "http://evil.example",
                "NO_PROXY" => "localhost",
                "no_proxy" => "",
                _ => return None,
            };
            Some(value.into())
        };
        config.read_env(read).unwrap();
        assert!(config.key.is_some() && config.allow_http);
        assert_eq!(config.endpoint().unwrap().url(Route::Models).as_str(), "http://localhost:1/v1/models");
        assert_eq!(config.proxies.http.as_deref(), Some("socks5://127.0.0.1:1080"));
        assert_eq!(config.proxies.https.as_deref(), Some("http://127.0.0.1:3128"));
        assert_eq!(config.proxies.except.as_deref(), Some("localhost"));
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (variable, value) in [
            ("HYPERBOLIC_API_KEY", "a\nb"),
            ("HYPERBOLIC_BASE_URL", "nonsense"),
            ("https_proxy", "gopher://a"),
            ("http_proxy", "::"),
            ("HTTPS_PROXY", "gopher://a"),
            ("ALL_PROXY", "gopher://a"),
        ] {
            let read = |name: &str| (name == variable).then(|| value.into());
            let error = Config::default().read_env(read).unwrap_err();
            assert_eq!(error.param.as_str(), variable);
            assert!(error.message.as_str().starts_with(&format!("{variable}: ")), "{error}");
        }
    }
}

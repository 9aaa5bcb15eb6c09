//! TLS: rustls with ring, and whom it trusts. Nothing of the process's is read or set.

use crate::config::Config;
use crate::error::{Error, Status};
use crate::sys;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// What TLS offers to speak inside, the best first.
pub const HTTP_2: &[u8] = b"h2";
pub const HTTP_1: &[u8] = b"http/1.1";

/// A configuration that offers these protocols.
pub fn configuration(config: &Config, protocols: &[&[u8]]) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(Status::System, e.to_string()))?
        .with_root_certificates(roots(config)?)
        .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(tls))
}

/// The caller's own authorities, and the browsers' or the system's.
fn roots(config: &Config) -> Result<RootCertStore, Error> {
    let mut roots = config.roots.clone();
    if config.system_roots {
        sys::add_roots(&mut roots).map_err(|problem| none(&problem))?;
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(roots)
}

fn none(problem: &str) -> Error {
    Error::invalid("system_roots", problem).with_hint("Install the package ca-certificates.")
}

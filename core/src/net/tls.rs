//! TLS: rustls with ring, and whom it trusts. Nothing of the process's is read or set.

use crate::config::Config;
use crate::error::{Error, Status};
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
        system::add(&mut roots)?;
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(roots)
}

fn none(problem: &str) -> Error {
    Error::invalid("system_roots", problem).with_hint("Install the package ca-certificates.")
}

#[cfg(not(any(windows, target_vendor = "apple")))]
mod system {
    use super::none;
    use crate::error::Error;
    use rustls::RootCertStore;
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    use std::path::Path;

    /// Where systems keep the certificates that they trust, as Go's crypto/x509 lists them (`root_linux.go` and
    /// `root_bsd.go`).
    const FILES: [&str; 8] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt",
    ];

    /// Adds them. One that cannot be read is left out: systems carry some that are older than the rules.
    pub fn add(roots: &mut RootCertStore) -> Result<(), Error> {
        let path = FILES.iter().map(Path::new).find(|path| path.exists());
        let path = path.ok_or_else(|| none("this system keeps none where they are looked for"))?;
        let found =
            CertificateDer::pem_file_iter(path).map_err(|e| none(&format!("cannot be read ({e})")))?;
        let (added, _) = roots.add_parsable_certificates(found.flatten());
        if added == 0 { Err(none("the system's file holds none")) } else { Ok(()) }
    }
}

#[cfg(any(windows, target_vendor = "apple"))]
mod system {
    use super::none;
    use crate::error::Error;
    use rustls::RootCertStore;

    /// Adds what the system's own store holds.
    pub fn add(roots: &mut RootCertStore) -> Result<(), Error> {
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 { Err(none("the system's store holds none")) } else { Ok(()) }
    }
}

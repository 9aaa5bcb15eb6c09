//! What differs by system: how long TCP waits for a peer, and where the certificates are that the system trusts.

use hyper_util::client::legacy::connect::HttpConnector;
use std::time::Duration;

#[cfg(not(any(windows, target_vendor = "apple")))]
pub use file::add_roots;
#[cfg(any(windows, target_vendor = "apple"))]
pub use store::add_roots;

/// Sets how long what was sent may stay unconfirmed before a connection counts as dead. Elsewhere than here the
/// system's own patience holds, which is minutes.
#[cfg(target_os = "linux")]
pub fn set_patience<R>(connector: &mut HttpConnector<R>, unconfirmed: Duration) {
    connector.set_tcp_user_timeout(Some(unconfirmed));
}

/// There is no such setting here.
#[cfg(not(target_os = "linux"))]
pub fn set_patience<R>(_: &mut HttpConnector<R>, _: Duration) {}

#[cfg(not(any(windows, target_vendor = "apple")))]
mod file {
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

    /// Adds them, or says why there are none. One that cannot be read is left out: systems carry some that are older
    /// than the rules.
    pub fn add_roots(roots: &mut RootCertStore) -> Result<(), String> {
        let path = FILES.iter().map(Path::new).find(|path| path.exists());
        let path = path.ok_or("this system keeps none where they are looked for")?;
        let found = CertificateDer::pem_file_iter(path).map_err(|e| format!("cannot be read ({e})"))?;
        let (added, _) = roots.add_parsable_certificates(found.flatten());
        if added == 0 { Err("the system's file holds none".into()) } else { Ok(()) }
    }
}

#[cfg(any(windows, target_vendor = "apple"))]
mod store {
    use rustls::RootCertStore;

    /// Adds what the system's own store holds, or says why there is none.
    pub fn add_roots(roots: &mut RootCertStore) -> Result<(), String> {
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 { Err("the system's store holds none".into()) } else { Ok(()) }
    }
}

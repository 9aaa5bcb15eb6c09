//! A certificate authority and a certificate, made at every start.

use crate::Options;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ALL_VERSIONS;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};

/// The name for HTTP/2 in the TLS handshake.
pub const H2: &[u8] = b"h2";

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What is wrong with the server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing: it is of the authority, and for the loopback names.
    #[default]
    Good,
    /// Its time is over.
    Expired,
    /// It is for another host.
    WrongHost,
    /// It is signed by itself and not by the authority.
    SelfSigned,
}

/// An acceptor for the loopback names and the options' host, and its authority's certificate in PEM.
pub fn acceptor(options: &Options) -> io::Result<(TlsAcceptor, String)> {
    let authority_key = KeyPair::generate().map_err(io::Error::other)?;
    let mut authority = params(Vec::new(), "simulator authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let pem = authority.self_signed(&authority_key).map_err(io::Error::other)?.pem();
    let authority = Issuer::new(authority, authority_key);

    let key = KeyPair::generate().map_err(io::Error::other)?;
    let names = match options.certificate {
        Certificate::WrongHost => vec!["elsewhere.invalid".to_owned()],
        _ => ["localhost", "127.0.0.1", "::1", &options.host.to_string()].map(str::to_owned).to_vec(),
    };
    let mut server = params(names, "simulator")?;
    if options.certificate == Certificate::Expired {
        server.not_before = date_time_ymd(2001, 1, 1);
        server.not_after = date_time_ymd(2002, 1, 1);
    }
    let certificate = if options.certificate == Certificate::SelfSigned {
        server.self_signed(&key)
    } else {
        server.use_authority_key_identifier_extension = true;
        server.signed_by(&key, &authority)
    };
    let certificate = certificate.map_err(io::Error::other)?;
    let versions = match options.tls_version {
        None => ALL_VERSIONS,
        Some(TlsVersion::Tls12) => &[&TLS12],
        Some(TlsVersion::Tls13) => &[&TLS13],
    };

    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), pem))
}

fn params(names: Vec<String>, common_name: &str) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

//! Whom a TLS connection trusts.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

/// Only a server with a certificate for its name by one of these authorities: those in the file
/// `roots`, or the system's.
pub(super) fn checked(roots: Option<&str>) -> Result<ClientConfig, String> {
    let builder = builder()?;
    let Some(file) = roots else {
        let system = Verifier::new(Arc::new(ring::default_provider()));
        let system = system.map_err(|error| format!("the system's certificates: {error}"))?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(system));
        return Ok(builder.with_no_client_auth());
    };
    let wrong = |error: &dyn std::fmt::Display| format!("sslrootcert {file}: {error}");
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
        let root = root.map_err(|error| wrong(&error))?;
        store.add(root).map_err(|error| wrong(&error))?;
    }
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

/// Any server: what is sent is encrypted, but who reads it is not known.
pub(super) fn unchecked() -> Result<ClientConfig, String> {
    let anybody = Arc::new(Anybody(ring::default_provider()));
    let builder = builder()?
        .dangerous()
        .with_custom_certificate_verifier(anybody);
    Ok(builder.with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, String> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())
}

/// Takes every certificate, but the server must have the certificate's key.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

//! TLS that looks at the certificate before it judges it: of one that is expired or of another host
//! the expiry is told as well. Over such a connection nothing is sent.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_cert::{Certificate, der::Decode};

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// Whom to believe; made once for all probes.
#[derive(Debug)]
pub(super) struct Trust {
    verifier: Arc<Verifier>,
    provider: Arc<CryptoProvider>,
}

/// What is known of a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Certified {
    /// Whether it is trusted, and of this host.
    pub(super) valid: bool,
    /// Whole days until it expires, rounded down; negative when it has. None when it cannot be read.
    pub(super) expires_in_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

impl Trust {
    /// The system's authorities, and those in the PEM.
    pub(super) fn new(ca: Option<&str>) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let mut own: Vec<CertificateDer<'static>> = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(ca.unwrap_or_default().as_bytes()) {
            own.push(certificate.map_err(|error| format!("`ca`: {error}"))?);
        }
        if ca.is_some() && own.is_empty() {
            return Err(String::from("`ca` has no certificate"));
        }
        let verifier = Verifier::new_with_extra_roots(own, Arc::clone(&provider));
        let verifier = Arc::new(verifier.map_err(|error| format!("no authorities: {error}"))?);
        Ok(Self { verifier, provider })
    }

    /// Shakes hands. The certificate is known as soon as it was seen, even if the rest fails.
    pub(super) async fn connect(
        &self,
        host: &str,
        connection: TcpStream,
    ) -> (Result<TlsStream<TcpStream>, String>, Option<Certified>) {
        let name = match ServerName::try_from(String::from(host)) {
            Ok(name) => name,
            Err(error) => return (Err(error.to_string()), None),
        };
        let seen = Arc::new(Witness {
            verifier: Arc::clone(&self.verifier),
            seen: Mutex::default(),
        });
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map(|builder| {
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<_>)
                    .with_no_client_auth()
            });
        let mut config = match config {
            Ok(config) => config,
            Err(error) => return (Err(error.to_string()), None),
        };
        config.alpn_protocols = vec![Vec::from("http/1.1")];
        let connector = TlsConnector::from(Arc::new(config));
        let connected = connector.connect(name, connection).await;
        let certified = seen
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        (connected.map_err(|error| error.to_string()), certified)
    }
}

/// Notes what the true verifier says, and lets the handshake go on.
#[derive(Debug)]
struct Witness {
    verifier: Arc<Verifier>,
    seen: Mutex<Option<Certified>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let certified = Certified {
            valid: judged.is_ok(),
            expires_in_days: expires_in_days(end_entity, now),
            problem: judged.err().map(|error| error.to_string()),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(certified);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn expires_in_days(certificate: &CertificateDer<'_>, now: UnixTime) -> Option<i64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate
        .tbs_certificate()
        .validity()
        .not_after
        .to_unix_duration();
    let left = i64::try_from(end.as_secs()).ok()? - i64::try_from(now.as_secs()).ok()?;
    Some(left.div_euclid(SECONDS_OF_A_DAY))
}

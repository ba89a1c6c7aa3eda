//! HTTPS with given certificates. The ones of the tests were made by openssl for a hundred years.

use std::{net::SocketAddr, sync::Arc};

use router::{Certificate, Error, Router, RouterSettings};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    backend::Backend,
    world::{install, route, with},
};

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");

fn named() -> Certificate {
    Certificate {
        chain_pem: include_bytes!("certificates/named.pem").to_vec(),
        key_pem: include_bytes!("certificates/named.key").to_vec(),
    }
}

fn wildcard() -> Certificate {
    Certificate {
        chain_pem: include_bytes!("certificates/wildcard.pem").to_vec(),
        key_pem: include_bytes!("certificates/wildcard.key").to_vec(),
    }
}

fn settings(certificates: Vec<Certificate>) -> RouterSettings {
    RouterSettings {
        https: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        certificates,
        redirect_to_https: Some(443),
        ..RouterSettings::default()
    }
}

/// A connection that checks the certificate as a browser does.
async fn connect(router: &Router, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(AUTHORITY).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(router.https_addresses()[0]).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn get(router: &Router, host: &str) -> String {
    let mut stream = connect(router, host).await.unwrap();
    let request = format!("GET /headers HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_name_chooses_the_certificate() {
    let web = Backend::start("web").await;
    let router = with(settings(vec![named(), wildcard()])).await;
    let mut other = route("other", &[web.address]);
    other.host = "any.play.localhost".to_owned();
    install(&router, [route("web", &[web.address]), other]);
    for host in ["web.localhost", "any.play.localhost"] {
        let answer = get(&router, host).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let headers = &body["headers"];
        assert_eq!(headers["x-forwarded-proto"], json!(["https"]));
        assert_eq!(headers["x-forwarded-port"], json!(["443"]));
    }
    // Another name gets the first certificate, which is not for it.
    assert!(connect(&router, "elsewhere.localhost").await.is_err());
}

#[tokio::test]
async fn certificates_are_replaced_while_it_runs() {
    let router = with(settings(vec![named()])).await;
    assert!(connect(&router, "any.play.localhost").await.is_err());
    router.replace_certificates(&[wildcard()]).unwrap();
    assert!(connect(&router, "any.play.localhost").await.is_ok());
}

#[tokio::test]
async fn wrong_certificates_are_refused_in_words() {
    let mixed = Certificate {
        key_pem: wildcard().key_pem,
        ..named()
    };
    let empty = Certificate {
        chain_pem: Vec::new(),
        ..named()
    };
    for (certificates, said) in [
        (vec![named(), mixed], "certificate 2"),
        (vec![empty], "no certificate"),
        (vec![], "HTTPS needs a certificate"),
    ] {
        let error: Option<Error> = Router::start(settings(certificates)).await.err();
        let error = error.unwrap().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn plain_http_on_the_port_of_https_ends_with_the_connection() {
    let router = with(settings(vec![named()])).await;
    let mut client = crate::client::Client::connect(router.https_addresses()[0]).await;
    client
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    client.rest().await;
}

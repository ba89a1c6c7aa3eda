//! A server whose certificate no browser trusts, made by openssl for a hundred years.

use std::sync::Arc;

use browser::{ContextOptions, LoadState};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::setup::{LONG, TestBrowser, options};

const CERTIFICATE: &[u8] = include_bytes!("certificates/self-signed.pem");
const KEY: &[u8] = include_bytes!("certificates/self-signed.key");
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<title>Private</title>";

async fn serve() -> (String, JoinHandle<()>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(acceptor.clone(), stream));
        }
    });
    (url, server)
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream) {
    // A client that does not trust the certificate ends the handshake.
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    let _ = stream.write_all(ANSWER).await;
    let _ = stream.shutdown().await;
}

#[tokio::test]
async fn wrong_certificates_are_accepted_by_option_only() {
    let (url, server) = serve().await;
    let test = TestBrowser::start().await;
    let page = &test.page;
    let refused = page
        .navigate(&url, LoadState::Load, LONG)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("ERR_CERT"), "{refused}");
    let lax = ContextOptions {
        ignore_tls_errors: true,
        ..options()
    };
    let context = test.browser.new_context(lax).await.unwrap();
    let page = context.new_page().await.unwrap();
    let visited = page.navigate(&url, LoadState::Load, LONG).await.unwrap();
    assert_eq!(visited.status, Some(200));
    assert_eq!(page.title(LONG).await.unwrap(), "Private");
    page.ignore_tls_errors(false).await.unwrap();
    let refused = page.navigate(&url, LoadState::Load, LONG).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("ERR_CERT"), "{refused}");
    server.abort();
    test.finish().await;
}

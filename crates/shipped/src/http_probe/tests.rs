//! Probes of servers on loopback. The certificates are of an authority of these tests only; one of them
//! expired in 2021.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Instant,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};

use super::*;

const AUTHORITY: &str = include_str!("certificates/authority.pem");
const SERVER: &str = include_str!("certificates/server.pem");
const EXPIRED: &str = include_str!("certificates/expired.pem");
const KEY: &str = include_str!("certificates/server.key");

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Serves so many connections, one after another, then ends.
fn serve<T: Send + 'static>(
    count: usize,
    answer: impl Fn(TcpStream) -> T + Send + 'static,
) -> (u16, JoinHandle<Vec<T>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accept = move || {
        (0..count)
            .map(|_| answer(listener.accept().unwrap().0))
            .collect()
    };
    (port, thread::spawn(accept))
}

/// Reads the head of a request, writes the answer.
fn talk(mut stream: impl Read + Write, answer: &[u8]) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    stream.write_all(answer)?;
    stream.flush()?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn answering(answer: &'static [u8]) -> (u16, JoinHandle<Vec<io::Result<String>>>) {
    serve(1, move |stream| talk(stream, answer))
}

fn securely(certificate: &'static str) -> (u16, JoinHandle<Vec<io::Result<String>>>) {
    serve(1, move |stream| {
        let chain = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        talk(StreamOwned::new(connection, stream), OK)
    })
}

fn probe(input: &Value) -> Value {
    execute(input, None).unwrap().metric
}

fn one(url: &str) -> Value {
    probe(&json!(url))["results"][0].clone()
}

#[test]
fn an_answer_is_timed() {
    let (port, server) = answering(OK);
    let metric = probe(&json!({"urls": [format!("http://127.0.0.1:{port}/a?b=c")]}));
    let found = &metric["results"][0];
    assert_eq!(
        (&found["status"], &found["ok"]),
        (&json!(200), &json!(true)),
        "{found}"
    );
    assert_eq!(found["body_bytes"], json!(5));
    assert_eq!(&found["error"], &Value::Null);
    for part in ["connect_ms", "first_byte_ms", "total_ms"] {
        assert!(
            found[part].as_f64().is_some_and(|time| time > 0.0),
            "{part}: {found}"
        );
    }
    assert_eq!(&found["dns_ms"], &Value::Null);
    assert_eq!(&found["tls_ms"], &Value::Null);
    assert_eq!((&metric["ok"], &metric["failed"]), (&json!(1), &json!(0)));
    assert_eq!(metric["slowest_total_ms"], found["total_ms"]);

    let head = server.join().unwrap().remove(0).unwrap();
    assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("host: 127.0.0.1:{port}\r\n")),
        "{head}"
    );
}

#[test]
fn a_name_is_looked_up() {
    let (port, server) = answering(OK);
    let found = one(&format!("http://localhost:{port}/"));
    assert!(
        found["dns_ms"].is_number() && found["ok"] == true,
        "{found}"
    );
    drop(server.join());
    let found = one("http://there-is-none.invalid/");
    assert!(
        found["error"].as_str().unwrap().starts_with("name: "),
        "{found}"
    );
}

#[test]
fn statuses_are_told_and_redirects_not_followed() {
    let (port, server) = answering(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    );
    let found = one(&format!("http://127.0.0.1:{port}/"));
    assert_eq!(found["status"], json!(302));
    assert_eq!(found["ok"], json!(true));
    assert_eq!(found["location"], "http://127.0.0.1:9/");
    drop(server.join());
    let (port, server) = answering(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    let found = one(&format!("http://127.0.0.1:{port}/"));
    assert_eq!(found["status"], json!(503));
    assert_eq!(found["ok"], json!(false));
    drop(server.join());
}

#[test]
fn failures_are_named() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let found = one(&format!("http://127.0.0.1:{closed}/"));
    assert!(
        found["error"].as_str().unwrap().starts_with("connect: "),
        "{found}"
    );

    let (port, server) = answering(b"SSH-2.0-x\r\n");
    let found = one(&format!("http://127.0.0.1:{port}/"));
    assert!(
        found["error"].as_str().unwrap().starts_with("HTTP: "),
        "{found}"
    );
    drop(server.join());

    let (port, server) = serve(1, drop);
    let found = one(&format!("http://127.0.0.1:{port}/"));
    assert!(
        found["error"].is_string() && found["ok"] == false,
        "{found}"
    );
    drop(server.join());

    // No TLS where TLS is expected.
    let (port, server) = serve(1, |mut stream| drop(stream.write_all(OK)));
    let found = one(&format!("https://127.0.0.1:{port}/"));
    assert!(
        found["error"].as_str().unwrap().starts_with("TLS: "),
        "{found}"
    );
    drop(server.join());
}

#[test]
fn who_says_nothing_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let urls = vec![format!("http://127.0.0.1:{port}/"); 4];
    let metric = probe(&json!({"urls": urls, "timeout_ms": 100}));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(metric["failed"], 4);
    assert_eq!(metric["results"][3]["error"], "out of time");
    assert_eq!(metric["mean_total_ms"], Value::Null);
}

#[test]
fn a_body_without_end_is_left() {
    let (port, server) = serve(1, |mut stream| {
        let began = talk(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n");
        // Ends when the probe has gone.
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
        began
    });
    let found = one(&format!("http://127.0.0.1:{port}/"));
    assert_eq!(found["ok"], true, "{found}");
    assert!(
        found["body_bytes"]
            .as_u64()
            .is_some_and(|read| (1 << 20..2 << 20).contains(&read))
    );
    drop(server.join());
}

#[test]
fn a_certificate_is_judged() {
    let (port, server) = securely(SERVER);
    let url = format!("https://localhost:{port}/");
    let metric = probe(&json!({"urls": [url], "ca": AUTHORITY}));
    let found = &metric["results"][0];
    assert_eq!(
        (&found["ok"], &found["tls"]["valid"]),
        (&json!(true), &json!(true)),
        "{found}"
    );
    assert!(found["tls_ms"].is_number());
    assert!(
        metric["first_expiry_days"]
            .as_i64()
            .is_some_and(|days| days > 10_000),
        "{metric}"
    );
    assert!(server.join().unwrap().remove(0).is_ok());
}

#[test]
fn over_a_connection_that_is_not_trusted_nothing_is_sent() {
    // An unknown authority, and one that is known but the certificate is expired.
    for (certificate, ca, expired) in [(SERVER, None, false), (EXPIRED, Some(AUTHORITY), true)] {
        let (port, server) = securely(certificate);
        let url = format!("https://localhost:{port}/");
        let found = probe(&json!({"urls": [url], "ca": ca}))["results"][0].clone();
        assert_eq!(found["ok"], json!(false));
        assert_eq!(found["tls"]["valid"], json!(false));
        assert!(
            found["error"]
                .as_str()
                .unwrap()
                .starts_with("certificate: "),
            "{found}"
        );
        let days = found["tls"]["expires_in_days"].as_i64().unwrap();
        assert_eq!(days < 0, expired, "{found}");
        assert!(server.join().unwrap().remove(0).is_err(), "a request came");
    }
}

#[test]
fn an_authority_that_is_none_is_refused() {
    for ca in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
        let input = json!({"urls": ["https://127.0.0.1:9/"], "ca": ca});
        assert!(execute(&input, None).is_err(), "{ca:?}");
    }
}

#[test]
fn so_many_at_once_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        for _ in 0..3 {
            let pair = [listener.accept().unwrap().0, listener.accept().unwrap().0];
            listener.set_nonblocking(true).unwrap();
            let third = listener.accept().map(drop).map_err(|error| error.kind());
            assert_eq!(third, Err(io::ErrorKind::WouldBlock));
            listener.set_nonblocking(false).unwrap();
            for stream in pair {
                stream.set_nonblocking(false).unwrap();
                talk(stream, OK).unwrap();
            }
        }
    });
    let urls = vec![format!("http://127.0.0.1:{port}/"); 6];
    let metric = probe(&json!({"urls": urls, "concurrency": 2}));
    assert_eq!(metric["ok"], 6, "{metric}");
    server.join().unwrap();
}

#[test]
fn a_summary_adds_up() {
    let metrics = [
        json!({"probed": 2, "ok": 1, "first_expiry_days": 20}),
        json!({"probed": 1, "ok": 1}),
    ];
    let summary = summarize(&metrics);
    assert_eq!(summary["calls"], json!(2));
    assert_eq!(summary["probed"]["total"], json!(3));
    assert_eq!(summary["first_expiry_days"]["min"], 20);
}

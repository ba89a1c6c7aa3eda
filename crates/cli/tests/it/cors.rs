//! Sites whose pages may ask, as the operator names them.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::harness::{DEADLINE, Server, code, output, stderr};

/// The head of the answer to a page of another site.
fn asked(server: &Server, line: &str, origin: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\norigin: {origin}\r\nsec-fetch-site: cross-site\r\n\
         access-control-request-method: GET\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
    head.to_lowercase()
}

#[test]
fn pages_of_named_sites_ask_and_others_do_not() {
    let named = "https://console.example,http://localhost:5173";
    let server = Server::start(&[
        "--cors-origin",
        named,
        "--cors-origin=https://CI.example:443/",
    ]);
    for origin in [
        "https://console.example",
        "http://localhost:5173",
        "https://ci.example",
    ] {
        for line in ["OPTIONS /api/v1/jobs", "GET /api/v1/jobs"] {
            let head = asked(&server, line, origin);
            assert!(head.starts_with("http/1.1 200"), "{line} {origin}: {head}");
            let allowed = format!("access-control-allow-origin: {origin}\r\n");
            assert!(format!("{head}\r\n").contains(&allowed), "{head}");
            assert!(!head.contains("allow-credentials"), "{head}");
        }
    }
    for origin in ["https://evil.example", "http://localhost:5174"] {
        let head = asked(&server, "GET /api/v1/jobs", origin);
        assert!(head.starts_with("http/1.1 403"), "{head}");
        assert!(!head.contains("access-control-allow-origin"), "{head}");
    }
}

#[test]
fn a_wildcard_is_no_site() {
    for wrong in [
        "*",
        "https://*.example",
        "console.example",
        "https://a.example/page",
    ] {
        let refused = output(["server", "--cors-origin", wrong]);
        assert_eq!(code(&refused), Some(2), "{wrong}");
        assert!(stderr(&refused).contains("is not an origin"), "{wrong}");
    }
}

//! A server that is told to stop ends what is under way as it should end: nobody is cut off in the middle.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, wait_for};

/// A request whose answer is read later.
struct Call(BufReader<TcpStream>);

impl Call {
    fn send(server: &Server, line: &str, headers: &str, body: &str) -> Self {
        let mut stream =
            TcpStream::connect(("127.0.0.1", server.port)).expect("the server listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let request = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("a request");
        Self(BufReader::new(stream))
    }

    fn json(server: &Server, line: &str, body: &Value) -> Self {
        let body = body.to_string();
        let token = std::fs::read_to_string(server.data_dir().join("operator.token"));
        let token = token.expect("there are no keys");
        let token = token.lines().next().expect("a token");
        let headers = format!("x-api-key: {token}\r\ncontent-length: {}\r\n", body.len());
        Self::send(server, line, &headers, &body)
    }

    /// Reads up to the end of a head.
    fn head(&mut self) -> String {
        head(&mut self.0)
    }

    fn rest(mut self) -> String {
        let mut text = String::new();
        self.0
            .read_to_string(&mut text)
            .expect("the answer ends in order");
        text
    }
}

fn head(reader: &mut impl BufRead) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        let read = reader.read_line(&mut text).expect("a line");
        assert!(read > 0, "it ended in its head: {text}");
    }
    text
}

fn parse(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[test]
fn a_stop_ends_calls_streams_uploads_and_deliveries_in_order() {
    let mut server = Server::start(&["--allow-outbound", "127.0.0.0/8"]);
    // A delivery whose receiver has not answered yet.
    let receiver = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let url = format!("http://{}/", receiver.local_addr().expect("it is bound"));
    let hook = parse(&Call::json(&server, "POST /api/hooks", &json!({"url": url})).rest());
    let id = hook["id"].as_str().expect("an id");
    Call::json(&server, &format!("POST /api/hooks/{id}/test"), &json!({})).rest();
    let (delivery, _) = receiver.accept().expect("a delivery");
    let mut delivery = BufReader::new(delivery);
    assert!(head(&mut delivery).starts_with("POST / "));
    // A claim that waits: the server has heard of its executor.
    let wait = json!({"executor_id": "waiter", "wait_seconds": 60});
    let claim = Call::json(&server, "POST /api/v1/jobs/claim", &wait);
    wait_for("the claim waits", || {
        let list = Call::send(&server, "GET /api/v1/admin/executors", "", "").rest();
        list.contains("waiter")
    });
    // An open stream, and half an upload: the server asks for its body when it reads it.
    let mut stream = Call::send(&server, "GET /api/events", "", "");
    assert!(stream.head().starts_with("HTTP/1.1 200"));
    let half = "expect: 100-continue\r\ncontent-length: 10\r\n";
    let mut upload = Call::send(&server, "POST /api/v1/binaries", half, "");
    assert!(upload.head().starts_with("HTTP/1.1 100"));
    upload.0.get_mut().write_all(b"01234").expect("half a body");

    server.process.signal(Signal::SIGTERM);
    wait_for("it stops", || {
        let said = server.process.stderr();
        said.contains("stopping in order")
    });
    let accepted = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    delivery.get_mut().write_all(accepted).expect("an answer");
    assert!(
        claim.rest().starts_with("HTTP/1.1 204"),
        "a waiting claim is answered"
    );
    let told = stream.rest();
    assert!(
        told.contains("event: resume") || told.contains("event:resume"),
        "{told}"
    );
    upload.0.get_mut().write_all(b"56789").expect("the rest");
    let stored = upload.rest();
    assert!(stored.starts_with("HTTP/1.1 201"), "{stored}");
    let status = server.process.wait();
    assert_eq!(status.code(), Some(0), "{}", server.process.stderr());

    // All of it was written down.
    server.restart();
    let deliveries = format!("GET /api/hooks/{id}/deliveries/1");
    let delivery = parse(&Call::send(&server, &deliveries, "", "").rest());
    assert_eq!(delivery["status"], "delivered", "{delivery}");
    assert_eq!(delivery["attempts"], 1);
    let kept = parse(&stored)["binary_sha256"]
        .as_str()
        .expect("a hash")
        .to_owned();
    let fetched = Call::send(&server, &format!("GET /api/v1/binaries/{kept}"), "", "").rest();
    assert!(fetched.ends_with("0123456789"), "{fetched}");
}

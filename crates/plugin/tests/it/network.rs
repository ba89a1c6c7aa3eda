//! What a component may reach: the hosts of its manifest, over HTTP, and nothing else.

use std::sync::Arc;

use plugin::Plugin;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    component::build,
    test_host::{COUNT, DEADLINE, TestHost, execute, input, load},
};

const IMPORTS: &str = r#"
(import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
(import "wasi:http/types@0.2.0" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
(import "wasi:http/types@0.2.0" "[method]outgoing-request.set-scheme"
  (func $scheme (param i32 i32 i32 i32 i32) (result i32)))
(import "wasi:http/types@0.2.0" "[method]outgoing-request.set-authority"
  (func $authority (param i32 i32 i32 i32) (result i32)))
(import "wasi:http/types@0.2.0" "[method]outgoing-request.set-path-with-query"
  (func $path (param i32 i32 i32 i32) (result i32)))
(import "wasi:http/outgoing-handler@0.2.0" "handle" (func $handle (param i32 i32 i32 i32)))
(import "wasi:http/types@0.2.0" "[method]future-incoming-response.subscribe"
  (func $subscribe (param i32) (result i32)))
(import "wasi:http/types@0.2.0" "[method]future-incoming-response.get" (func $response (param i32 i32)))
(import "wasi:http/types@0.2.0" "[method]incoming-response.status" (func $status (param i32) (result i32)))
(import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))"#;

const WORLD: &str = "import wasi:http/types@0.2.0; import wasi:http/outgoing-handler@0.2.0; import wasi:io/poll@0.2.0;";

/// Gets the root of the server that the input names. `$0` is the metric after a 204, `$1` the error
/// after a refusal of the host (case 15 of the error code).
const GET: &str = "(local $r i32)
    (local.set $r (call $request (call $fields)))
    (drop (call $scheme (local.get $r) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $authority (local.get $r) (i32.const 1)
      (i32.add (local.get $in) (i32.const 1)) (i32.sub (local.get $inl) (i32.const 2))))
    (drop (call $path (local.get $r) (i32.const 1) $2))
    (call $handle (local.get $r) (i32.const 0) (i32.const 0) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then (unreachable)))
    (local.set $r (i32.load (i32.const 608)))
    (call $block (call $subscribe (local.get $r)))
    (call $response (local.get $r) (i32.const 600))
    (if (i32.load8_u (i32.const 616)) (then
      (if (i32.ne (i32.load8_u (i32.const 624)) (i32.const 15)) (then (unreachable)))
      (return (call $err $1))))
    (if (i32.ne (call $status (i32.load (i32.const 624))) (i32.const 204)) (then (unreachable)))
    (call $ok $0)";

fn getter(host: &TestHost, name: &str, allowed: &str) -> Plugin {
    let component = build(GET, &["{\"count\": 204}", "denied", "/"], IMPORTS, WORLD);
    let more = format!("network = [\"{allowed}\"]\n{COUNT}");
    load(&host.component(name, &more, &component))
}

/// The head of what a client asks.
async fn request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.expect("a request"));
    }
    String::from_utf8(request).expect("text")
}

#[tokio::test]
async fn a_component_reaches_the_hosts_of_its_manifest_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let host = TestHost::new();
    let (listed, other) = (
        getter(&host, "listed", &address),
        getter(&host, "other", "localhost"),
    );
    let context = input(json!(address));
    let denied = execute(&other, &context).await.expect_err("another host");
    assert_eq!(denied.to_string(), "denied");

    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let request = request(&mut stream).await;
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        stream.write_all(answer).await.expect("answered");
        request
    };
    let both = async { tokio::join!(execute(&listed, &context), serve) };
    let both = tokio::time::timeout(DEADLINE, both).await;
    let (outcome, request) = both.expect("a request");
    assert_eq!(outcome.expect("an outcome").metric, json!({"count": 204}));
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    // The refused call had not even connected: the one that was accepted is the listed one's.
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), listener.accept());
    assert!(waiting.await.is_err());
}

#[test]
fn without_a_list_of_hosts_there_is_no_http_at_all() {
    let host = TestHost::new();
    let component = build(GET, &["{\"count\": 204}", "denied", "/"], IMPORTS, WORLD);
    for more in [String::from(COUNT), format!("network = []\n{COUNT}")] {
        let broken = Plugin::load(&host.component("it", &more, &component), None);
        let reason = broken.expect_err("it is refused").reason;
        assert!(
            reason.contains("is no plugin") && reason.contains("wasi:http"),
            "{reason}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_at_once_than_the_pool_has_places() {
    const CALLS: usize = 200;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let host = TestHost::new();
    let plugin = Arc::new(getter(&host, "listed", &address));
    let calls = (0..CALLS).map(|_| {
        let (plugin, context) = (Arc::clone(&plugin), input(json!(address)));
        tokio::spawn(async move { execute(&plugin, &context).await })
    });
    let calls: Vec<_> = calls.collect();
    let all = async {
        // Nobody is answered before all are there.
        let mut streams = Vec::new();
        while streams.len() < CALLS {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            request(&mut stream).await;
            streams.push(stream);
        }
        for stream in &mut streams {
            let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
            stream.write_all(answer).await.expect("answered");
        }
        for call in calls {
            call.await.expect("no panic").expect("an outcome");
        }
    };
    let all = tokio::time::timeout(DEADLINE, all).await;
    all.expect("all are there together");
}

//! What a component tries beyond its world: files, sockets, names, and more handles than it may have.

use plugin::Cause;
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    component::build,
    test_host::{COUNT, TestHost, cause, execute, input, load},
};

const METRIC: &str = "{\"count\": 1}";

const FILES: &str = r#"
(import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $directories (param i32)))
(import "wasi:filesystem/types@0.2.0" "[method]descriptor.open-at"
  (func $open (param i32 i32 i32 i32 i32 i32 i32)))"#;

const FILES_WORLD: &str =
    "import wasi:filesystem/types@0.2.0; import wasi:filesystem/preopens@0.2.0;";

#[tokio::test]
async fn a_component_has_no_directory_and_no_way_to_one() {
    let host = TestHost::new();
    let count = "(call $directories (i32.const 600))
        (if (i32.load (i32.const 604)) (then (return (call $err $1))))
        (call $ok $0)";
    let component = build(count, &[METRIC, "it has one"], FILES, FILES_WORLD);
    let plugin = load(&host.component("counts", COUNT, &component));
    let outcome = execute(&plugin, &input(json!(1))).await;
    outcome.expect("it has none");

    // The handles of directories, if there were any, would be the first ones.
    for handle in 0..5 {
        let open = format!(
            "(call $directories (i32.const 600))
            (call $open (i32.const {handle}) (i32.const 0) $1 (i32.const 0) (i32.const 1) (i32.const 700))
            (call $ok $0)"
        );
        let component = build(&open, &[METRIC, "etc/passwd"], FILES, FILES_WORLD);
        let caused = cause(&host.component(&format!("opens-{handle}"), COUNT, &component)).await;
        let Cause::Trap { message } = caused else {
            panic!("{handle}: {caused}");
        };
        assert!(message.contains("handle"), "{handle}: {message}");
    }
}

const SOCKETS: &str = r#"
(import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
(import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
(import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $tcp (param i32 i32)))
(import "wasi:sockets/udp-create-socket@0.2.0" "create-udp-socket" (func $udp (param i32 i32)))
(import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-connect"
  (func $start (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
(import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.finish-connect" (func $finish (param i32 i32)))"#;

const SOCKETS_WORLD: &str = "import wasi:sockets/instance-network@0.2.0;
    import wasi:sockets/ip-name-lookup@0.2.0; import wasi:sockets/tcp@0.2.0;
    import wasi:sockets/tcp-create-socket@0.2.0; import wasi:sockets/udp-create-socket@0.2.0;";

/// Connects to `PORT` of this machine; the metric comes after a connection, the error after `access-denied`.
const CONNECT: &str = "(local $s i32)
    (call $tcp (i32.const 0) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then
      (if (i32.ne (i32.load8_u (i32.const 604)) (i32.const 1)) (then (unreachable)))
      (return (call $err $1))))
    (local.set $s (i32.load (i32.const 604)))
    (call $start (local.get $s) (call $network) (i32.const 0) (i32.const PORT)
      (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then (return (call $err $1))))
    (loop $again
      (call $finish (local.get $s) (i32.const 600))
      (if (i32.and (i32.load8_u (i32.const 600)) (i32.eq (i32.load8_u (i32.const 604)) (i32.const 8)))
        (then (br $again))))
    (if (i32.load8_u (i32.const 600)) (then (return (call $err $1))))
    (call $ok $0)";

#[tokio::test]
async fn a_component_has_no_socket_and_asks_for_no_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let host = TestHost::new();
    let denied = |code: u8| {
        format!(
            "(if (i32.ne (i32.load8_u (i32.const 604)) (i32.const {code})) (then (unreachable)))
            (if (i32.load8_u (i32.const 600)) (then (return (call $err $1))))
            (call $ok $0)"
        )
    };
    let udp = format!("(call $udp (i32.const 0) (i32.const 600)) {}", denied(1));
    // The resolver is permanently without an answer.
    let resolve = format!(
        "(call $resolve (call $network) $2 (i32.const 600)) {}",
        denied(20)
    );
    for (name, body) in [
        ("connects", CONNECT.replace("PORT", &port.to_string())),
        ("sends", udp),
        ("resolves", resolve),
    ] {
        let texts = [METRIC, "denied", "localhost"];
        let component = build(&body, &texts, SOCKETS, SOCKETS_WORLD);
        // A list of hosts is for HTTP only.
        for network in ["", "network = [\"localhost\", \"127.0.0.1\"]\n"] {
            let more = format!("{network}{COUNT}");
            let caused = cause(&host.component(name, &more, &component)).await;
            assert_eq!(caused.to_string(), "denied", "{name}: {caused:?}");
        }
    }
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), listener.accept());
    assert!(waiting.await.is_err(), "somebody connected");
}

#[tokio::test]
async fn a_component_holds_no_more_handles_than_it_may() {
    let host = TestHost::new();
    let import = r#"
(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $pause (param i64) (result i32)))"#;
    let world = "import wasi:clocks/monotonic-clock@0.2.0;";
    let takes = |count: u32| {
        let body = format!(
            "(local $n i32)
            (loop $more
              (drop (call $pause (i64.const 1)))
              (local.set $n (i32.add (local.get $n) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $n) (i32.const {count}))))
            (call $ok $0)"
        );
        build(&body, &[METRIC], import, world)
    };
    let few = load(&host.component("few", COUNT, &takes(4_000)));
    let outcome = execute(&few, &input(json!(1))).await;
    outcome.expect("it may have so many");
    let caused = cause(&host.component("many", COUNT, &takes(11_000))).await;
    let Cause::Trap { message } = caused else {
        panic!("{caused}");
    };
    assert!(message.contains("no free keys"), "{message}");
}

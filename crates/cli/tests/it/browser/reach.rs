//! Which addresses a page reaches by itself: those that steps may reach, in whichever way it tries.

use std::{
    net::{TcpListener, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{artifact, execution, finished, library_with, output, serve};

/// What an operator forbids in these tests.
const DENIED: &str = "--deny-address=127.0.0.2/32";
const SAID: &str = "127.0.0.2 is an address that this executor does not let reach";

/// Tries to load something from a host in every way, and says which went.
const TRIES: &str = r"
async host => {
  const some = (wait, ways) => Promise.race([wait, new Promise(end => setTimeout(() => end('late'), ways))]);
  const element = (name, address) => new Promise(end => {
    const made = document.createElement(name);
    made.onload = () => end('loaded');
    made.onerror = () => end('failed');
    made.src = `http://${host}${address}`;
    document.body.append(made);
  });
  const heard = new Promise(end => addEventListener('message', event => {
    if (event.origin === `http://${host}`) end('loaded');
  }));
  const frame = document.createElement('iframe');
  frame.src = `http://${host}/framed`;
  document.body.append(frame);
  const socket = new Promise(end => {
    const made = new WebSocket(`ws://${host}/socket`);
    made.onopen = () => end('loaded');
    made.onerror = () => end('failed');
  });
  const fetched = fetch(`http://${host}/report`, {mode: 'no-cors'}).then(() => 'loaded', () => 'failed');
  return {
    fetch: await some(fetched, 9000), img: await some(element('img', '/picture'), 9000),
    script: await some(element('script', '/script'), 9000), socket: await some(socket, 9000),
    frame: await some(heard, 1500),
  };
}";

/// A server at an address that steps may not reach, which counts who comes.
fn forbidden() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.2:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let came = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&came);
    thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
            count.fetch_add(1, SeqCst);
        }
    });
    (port, came)
}

fn tries(host: &str) -> String {
    let text = serde_json::to_string(&format!("({TRIES})('{host}')"));
    text.expect("JSON")
}

#[test]
fn a_page_loads_from_no_address_that_steps_may_not_reach() {
    let (port, came) = forbidden();
    let denied = format!("127.0.0.2:{port}");
    let other = serve("127.0.0.3:0");
    // One that nothing listens on any more.
    let closed = TcpListener::bind("127.0.0.3:0").expect("a port");
    let closed_port = closed.local_addr().expect("an address").port();
    drop(closed);
    let steps = format!(
        "- {{id: open, name: Open, type: browser.navigate, parameters: {{url: SITE/other}}}}\n\
         - {{id: fine, name: Fine, type: browser.evaluate, parameters: {{expression: {}}}}}\n\
         - {{id: bad, name: Bad, type: browser.evaluate, parameters: {{expression: {}}}}}\n\
         - {{id: fail, name: Fail, type: browser.click, parameters: {{selector: .absent, timeout: 300}}, on_failure: continue}}\n\
         - {{id: go, name: Go, type: browser.navigate, parameters: {{url: 'http://{denied}/'}}, on_failure: continue}}\n\
         - {{id: led, name: Led, type: browser.navigate, parameters: {{url: 'SITE/to?http://{denied}/x'}}, on_failure: continue}}\n\
         - {{id: none, name: None, type: browser.navigate, parameters: {{url: 'http://127.0.0.3:{closed_port}/'}}, on_failure: continue}}\n\
         - {{id: local, name: Local, type: browser.navigate, parameters: {{url: 'http://pump.localhost:PORT/other'}}}}\n",
        tries(&format!("127.0.0.3:{other}")),
        tries(&denied),
    );
    let (_dir, server) = library_with(&steps, &[DENIED]);
    let id = finished(&server, "pumps.yaml", 0);
    let ended = execution(&server, &id);
    let all = |how: &str, frame: &str| json!({"fetch": how, "img": how, "script": how, "socket": how, "frame": frame});
    assert_eq!(output(&ended, "fine")["result"], all("loaded", "loaded"));
    assert_eq!(output(&ended, "bad")["result"], all("failed", "late"));
    let seen: Value =
        serde_json::from_slice(&artifact(&server, &id, "fail-failed-1.json")).expect("JSON");
    let failed = seen["failed_requests"].as_array().expect("requests");
    for address in ["/report", "/picture", "/script", "/framed", "/socket"] {
        let url = format!("{denied}{address}");
        let found = failed
            .iter()
            .find(|one| one["url"].as_str().is_some_and(|one| one.ends_with(&url)));
        let reason = found.unwrap_or_else(|| panic!("{address}: {seen:#}"))["reason"].to_string();
        assert!(reason.contains(SAID), "{address}: {reason}");
    }
    let error = |step: usize| ended["step_results"][step]["error"].to_string();
    for step in [4, 5] {
        assert!(error(step).contains(SAID), "{}", error(step));
    }
    assert!(
        error(6).contains("the connection was refused"),
        "{}",
        error(6)
    );
    assert_eq!(
        came.load(SeqCst),
        0,
        "a connection went to a forbidden address"
    );
}

/// What would go past a proxy: UDP, by WebRTC and by WebTransport.
#[test]
fn a_page_sends_no_packet_past_its_proxy() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("an address").port();
    let script = format!(
        "(async () => {{ const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}}); \
         peer.createDataChannel('x'); await peer.setLocalDescription(await peer.createOffer()); \
         const sent = new Promise(end => {{ peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && end('gathered') }}); \
         const ways = new WebTransport('https://127.0.0.1:{port}/'); \
         const ready = ways.ready.then(() => 'open', () => 'failed'); \
         const late = new Promise(end => setTimeout(() => end('late'), 4000)); \
         return [await Promise.race([sent, late]), await Promise.race([ready, late])] }})()"
    );
    let script = serde_json::to_string(&script).expect("JSON");
    let (_dir, server) = library_with(
        &format!(
            "- {{id: open, name: Open, type: browser.navigate, parameters: {{url: SITE/other}}}}\n\
             - {{id: send, name: Send, type: browser.evaluate, parameters: {{expression: {script}}}}}\n"
        ),
        &[],
    );
    let id = finished(&server, "pumps.yaml", 0);
    let result = output(&execution(&server, &id), "send")["result"].clone();
    assert_eq!(result, json!(["gathered", "failed"]));
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .expect("set");
    let received = socket.recv(&mut [0; 100]);
    assert!(received.is_err(), "a packet came");
}

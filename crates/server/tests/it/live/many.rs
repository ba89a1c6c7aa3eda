//! A thousand readers, one of whom stalls: all others get everything, and what the server holds for
//! them stays small. What other tests hold is not to count: it has a process of its own.

use std::process::{Command, Stdio};

use futures_util::{StreamExt, future::join_all};
use wire::client::{Client, Reply};

use super::{
    slow::{EVENTS as BEFORE, long_log, until},
    socket::{Socket, job, narrow},
};
use crate::stream::DEADLINE;

const READERS: usize = 1_000;
const EVENTS: i64 = 60;

/// Both ends of every connection are in this process.
fn allow_many_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    let wanted = 4_096.min(hard);
    if soft < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).expect("a higher limit");
    }
}

/// This process's memory, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    size.expect("a size").trim().parse().expect("a number")
}

async fn read_stream(reply: Reply) {
    let mut body = reply.into_body();
    let (mut text, mut seen) = (String::new(), BEFORE);
    while seen < BEFORE + EVENTS {
        let chunk = tokio::time::timeout(DEADLINE, body.next()).await;
        let chunk = chunk
            .expect("an event in time")
            .expect("the stream goes on");
        text.push_str(std::str::from_utf8(&chunk.expect("a chunk")).expect("text"));
        while let Some(end) = text.find("\n\n") {
            let block: String = text.drain(..end + 2).collect();
            if block.contains("event: job.submitted") {
                seen += 1;
                assert!(block.starts_with(&format!("id: {seen}\n")), "{block}");
            }
        }
    }
}

async fn read_socket(mut socket: Socket) -> Socket {
    for seq in BEFORE + 1..=BEFORE + EVENTS {
        assert_eq!(socket.said().await["seq"], seq);
    }
    socket
}

async fn load(client: &Client) {
    for _ in 0..EVENTS {
        client.submit(&job(), None).await.expect("accepted");
    }
}

#[test]
fn a_thousand_readers_get_everything_while_one_stalls() {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "live::many::alone_in_its_process", "--ignored"])
        .arg("--nocapture")
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let ran = output.status.success() && text.contains("1 passed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(ran, "{}\n{text}\n{errors}", output.status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures its process: `a_thousand_readers_get_everything_while_one_stalls` runs it"]
async fn alone_in_its_process() {
    allow_many_files();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = long_log(dir.path()).await;
    let address = running.local_addr();
    let mut streams = Vec::new();
    let mut sockets = Vec::new();
    for _ in 0..READERS / 2 {
        streams.push(client.download("/api/events").await.expect("a stream"));
        sockets.push(Socket::open(address, "/ws/events").await);
    }
    until(
        &client,
        "playhouse_live_readers{form=\"events\"}",
        READERS as u64 / 2,
    )
    .await;
    let before = resident_kib();
    let stalled = narrow(address).await;
    let opened = Socket::over(stalled, address, "/ws/events?after=0", &[]).await;
    let stalled = opened.expect("the socket opens");
    let streams = join_all(
        streams
            .into_iter()
            .map(|reply| tokio::spawn(read_stream(reply))),
    );
    let sockets = join_all(
        sockets
            .into_iter()
            .map(|socket| tokio::spawn(read_socket(socket))),
    );
    let (streams, sockets, ()) = tokio::join!(streams, sockets, load(&client));
    for read in streams {
        read.expect("it got everything");
    }
    for read in sockets {
        read.expect("it got everything");
    }
    let cut_off = "playhouse_readers_cut_off_total{form=\"event_socket\"}";
    until(&client, cut_off, 1).await;
    until(&client, "playhouse_live_readers{form=\"event_socket\"}", 0).await;
    drop(stalled);
    let grown = resident_kib().saturating_sub(before);
    assert!(
        grown < 100 << 10,
        "{grown} KiB for {READERS} readers and their clients"
    );
    running.stop().await;
}

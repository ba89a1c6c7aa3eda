//! Many large requests at once: the server's memory stays within its bound, and it answers.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::harness::{DEADLINE, Server, get};

const MIB: usize = 1 << 20;
/// What the server is told to take for requests.
const BUDGET: usize = 128 * MIB;
/// What it takes beside: itself, the database's pages, what the allocator keeps.
const BESIDE: usize = 256 * MIB;
const CALLERS: usize = 8;

/// A bulk submit of 60 MiB, and how many jobs it has.
fn bulk() -> (Vec<u8>, usize) {
    let job = format!(
        r#"{{"type":"large","binary_url":"https://example.com/binary","binary_sha256":"{}","priority":"background","arguments":["{}"]}}"#,
        "0".repeat(64),
        "x".repeat(30_000),
    );
    let jobs = vec![job.as_str(); 60 * MIB / job.len()];
    (format!("[{}]", jobs.join(",")).into_bytes(), jobs.len())
}

/// Submits it and answers the status and the head of the answer.
fn submit(port: u16, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a timeout can be set");
    let head = format!(
        "POST /api/v1/jobs/bulk HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it is taken");
    // Whoever is refused before the end need not send the rest.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    // The answer stands before whatever breaks the connection.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    (status.unwrap_or(0), head.to_owned())
}

/// The most that a process had in memory, in bytes.
fn peak(pid: i32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<usize>().ok())
        .expect("a number")
        * 1024
}

#[test]
fn large_requests_stay_within_their_memory() {
    let server = Server::start(&[&format!("--request-memory={BUDGET}")]);
    let (port, pid) = (server.port, server.process.pid().as_raw());
    let (body, jobs) = bulk();
    let body = Arc::new(body);
    let done = Arc::new(AtomicBool::new(false));
    let healthy = thread::spawn({
        let done = done.clone();
        move || {
            let mut answers = 0;
            while !done.load(Ordering::SeqCst) {
                let answer = get(port, "/api/v1/health").expect("an answer");
                assert!(answer.contains("healthy"), "{answer}");
                answers += 1;
                thread::sleep(Duration::from_millis(20));
            }
            answers
        }
    });
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let body = body.clone();
            thread::spawn(move || submit(port, &body))
        })
        .collect();
    let mut accepted = 0;
    for caller in callers {
        let (status, head) = caller.join().expect("no panic");
        match status {
            201 => accepted += 1,
            503 => assert!(head.contains("\r\nretry-after: 1"), "{head}"),
            _ => panic!("{head}"),
        }
    }
    done.store(true, Ordering::SeqCst);
    assert!(healthy.join().expect("no panic") > 0);
    assert!(accepted > 0, "nobody got through");
    let stats = get(port, "/api/v1/admin/stats").expect("an answer");
    let pending = format!("\"pending\":{}", accepted * jobs);
    assert!(stats.contains(&pending), "{pending} of {stats}");
    let peak = peak(pid);
    assert!(peak < BUDGET + BESIDE, "{} MiB", peak / MIB);
}

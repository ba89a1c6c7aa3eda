//! SIGKILL of the real server while it delivers: every event reaches the receiver, in the order of
//! its run.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wire::{client::Client, jobs::NewJob};

use private_postgres::Database;

use crate::{
    database::on_both,
    harness::{Server, exits, wait_for},
};

const ROUNDS: usize = 3;
const JOBS: usize = 25;

on_both!(kill_of_the_server_loses_no_delivery);

#[test]
fn another_server_sends_what_was_in_flight() {
    let (database, receiver) = (Database::create("cli"), Receiver::start());
    let arguments = ["--allow-outbound", "127.0.0.1", "--database-url"];
    let arguments = [&arguments[..], &[database.url()]].concat();
    // Servers of one database need one key of the vault.
    let key = [("PLAYHOUSE_VAULT_KEY".to_owned(), "5e".repeat(32))];
    let mut one = Server::start_with(&arguments, &key);
    let made = one.run(&["hook", "create", &receiver.url(), "--event", "job.*"]);
    exits(&made, 0);
    receiver.hold();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let client = Client::http(&one.url()).expect("the URL is good");
    let submitted = runtime.block_on(client.submit(&job(&receiver, 0), None));
    submitted.expect("the server answers");
    receiver.wait_for_flight();
    let _other = Server::start_with(&arguments, &key);
    one.kill();
    let in_flight = receiver.release();
    receiver.wait_for_again(&in_flight, Instant::now());
}

/// The promise: what was in flight when the server was killed is sent again so soon after its next start.
const AGAIN: Duration = Duration::from_secs(10);

/// The events that were received, by path and run: numbers in the order of their first arrival.
type Ledger = Arc<Mutex<BTreeMap<(String, String), Vec<i64>>>>;

/// One delivery: path, run, number.
type Delivery = (String, String, i64);
type Deliveries = Arc<Mutex<Vec<Delivery>>>;

/// A receiver that now and then fails, and that does not answer as long as it is told not to.
pub(crate) struct Receiver {
    port: u16,
    ledger: Ledger,
    holds: Arc<AtomicBool>,
    held: Deliveries,
    arrived: Deliveries,
    stop: Arc<AtomicBool>,
}

/// What each of its connections knows of it.
#[derive(Clone)]
struct Shared {
    ledger: Ledger,
    holds: Arc<AtomicBool>,
    /// What came and is not answered.
    held: Deliveries,
    /// What came since then, whatever was answered.
    arrived: Deliveries,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (ledger, stop) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let (held, arrived) = (Deliveries::default(), Deliveries::default());
        let holds = Arc::new(AtomicBool::new(false));
        let shared = Shared {
            ledger: ledger.clone(),
            holds: holds.clone(),
            held: held.clone(),
            arrived: arrived.clone(),
        };
        let stopped = stop.clone();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if stopped.load(SeqCst) {
                    return;
                }
                let (shared, stream) = (shared.clone(), stream.expect("a connection"));
                std::thread::spawn(move || answer(number, &stream, &shared));
            }
        });
        Self {
            port,
            ledger,
            holds,
            held,
            arrived,
            stop,
        }
    }

    /// From now on nothing is answered.
    fn hold(&self) {
        self.held.lock().expect("no panic").clear();
        self.holds.store(true, SeqCst);
    }

    /// Lets go of what was not answered, which is not answered any more, and says what it was.
    fn release(&self) -> Vec<Delivery> {
        self.arrived.lock().expect("no panic").clear();
        self.holds.store(false, SeqCst);
        self.held.lock().expect("no panic").clone()
    }

    /// Waits until something is in flight.
    fn wait_for_flight(&self) {
        wait_for("one is in flight", || {
            let held = self.held.lock().expect("no panic");
            !held.is_empty()
        });
    }

    /// Waits until all of these have come again, which must not take longer than it is promised.
    fn wait_for_again(&self, in_flight: &[Delivery], begun: Instant) {
        wait_for("what was in flight comes again", || {
            let arrived = self.arrived.lock().expect("no panic");

            in_flight.iter().all(|one| arrived.contains(one))
        });
        let took = begun.elapsed();
        assert!(took < AGAIN, "{in_flight:?} after {took:?}");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn count(&self) -> usize {
        self.ledger
            .lock()
            .expect("no panic")
            .values()
            .map(Vec::len)
            .sum()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        // The listener looks when somebody comes.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// One request of a connection. The server may be gone at any moment.
fn answer(number: usize, mut stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).expect("a path").to_owned();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let payload: Value = serde_json::from_slice(&body).expect("JSON");
    // A test speaks of no run.
    let run = payload["data"]["run_id"]
        .as_str()
        .unwrap_or("test")
        .to_owned();
    let seq = payload["data"]["seq"].as_i64().unwrap_or(0);
    if shared.holds.load(SeqCst) {
        let mut held = shared.held.lock().expect("no panic");
        held.push((path, run, seq));
        drop(held);
        while shared.holds.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        return;
    }
    let delivery = (path.clone(), run.clone(), seq);
    shared.arrived.lock().expect("no panic").push(delivery);
    let status = if number % 20 == 3 {
        "503 Busy"
    } else {
        "200 OK"
    };
    if status.starts_with("200") {
        let mut ledger = shared.ledger.lock().expect("no panic");
        let seen = ledger.entry((path, run)).or_default();
        if !seen.contains(&seq) {
            seen.push(seq);
        }
    }
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
}

fn kill_of_the_server_loses_no_delivery(arguments: &[&str]) {
    let receiver = Receiver::start();
    let mut all = vec!["--allow-outbound", "127.0.0.1"];
    all.extend(arguments);
    let mut server = Server::start(&all);
    let made = server.run(&["hook", "create", &receiver.url(), "--event", "job.*"]);
    exits(&made, 0);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let client = Client::http(&server.url()).expect("the URL is good");
    for _ in 0..ROUNDS {
        let before = receiver.count();
        let submit = async |numbers: Range<usize>| {
            for number in numbers {
                let job = client.submit(&job(&receiver, number), None).await;
                let id = job.expect("the server answers").id;
                client.cancel(&id).await.expect("the server answers");
            }
        };
        runtime.block_on(submit(0..JOBS - 1));
        wait_for("some are delivered", || receiver.count() > before + 5);
        receiver.hold();
        runtime.block_on(submit(JOBS - 1..JOBS));
        receiver.wait_for_flight();
        server.kill();
        let in_flight = receiver.release();
        server.restart();
        // The promise counts from the start, and a loaded machine may take long to start a process.
        let begun = Instant::now();
        receiver.wait_for_again(&in_flight, begun);
    }
    // Each job was submitted and cancelled, and every fifth tells its own hook of its end.
    let wanted = ROUNDS * JOBS * 2 + ROUNDS * JOBS / 5;
    wait_for("everything is delivered", || receiver.count() >= wanted);
    for ((path, run), seqs) in receiver.ledger.lock().expect("no panic").iter() {
        let events = if path == "/own" { 1 } else { 2 };
        assert_eq!(seqs.len(), events, "{run}: {seqs:?}");
        assert!(seqs.is_sorted(), "{run} out of order: {seqs:?}");
    }
}

fn job(receiver: &Receiver, number: usize) -> NewJob {
    let webhook = json!({"url": receiver.url() + "own", "on": ["cancelled"]});
    NewJob {
        job_type: "hooked".to_owned(),
        binary_url: "http://127.0.0.1/none".to_owned(),
        binary_sha256: "0".repeat(64),
        priority: "background".to_owned(),
        webhook: number
            .is_multiple_of(5)
            .then(|| serde_json::from_value(webhook).expect("a webhook")),
        ..NewJob::default()
    }
}

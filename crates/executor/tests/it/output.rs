//! Output: bounded, whole where it can be, never in the way of the program.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use executor::{
    output::{Captured, Sink, capture, capture_both},
    process::Process,
    shim::End,
};
use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;
use wire::{client::Error, jobs::ErrorBody};

use crate::test_dir::{DEADLINE, TestDir, shim};

/// What happens to each chunk.
#[derive(Clone, Copy)]
enum Fate {
    Stored,
    Unanswered,
    Refused,
    /// The first of these are answered with an error that passes.
    FailedAtFirst(usize),
}

#[derive(Clone)]
struct PluginRegistry {
    fate: Fate,
    chunks: Arc<Mutex<Vec<(u64, Bytes)>>>,
    calls: Arc<Mutex<usize>>,
}

impl PluginRegistry {
    fn new(fate: Fate) -> Self {
        Self {
            fate,
            chunks: Arc::default(),
            calls: Arc::default(),
        }
    }

    fn text(&self) -> Vec<u8> {
        self.chunks
            .lock()
            .unwrap()
            .iter()
            .flat_map(|(_, bytes)| bytes.to_vec())
            .collect()
    }

    fn stored(&self) -> u64 {
        self.chunks
            .lock()
            .unwrap()
            .iter()
            .map(|(_, bytes)| bytes.len() as u64)
            .sum()
    }
}

impl Sink for PluginRegistry {
    async fn send(&self, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        match self.fate {
            Fate::Unanswered => pending().await,
            Fate::FailedAtFirst(count) if call <= count => {
                Err(Error::Unreachable("for a while".to_owned()))
            }
            Fate::Refused => Err(Error::Status {
                status: StatusCode::NOT_FOUND,
                body: ErrorBody {
                    error: "no lease".to_owned(),
                    context: serde_json::Map::new(),
                },
            }),
            Fate::Stored | Fate::FailedAtFirst(_) => {
                self.chunks.lock().unwrap().push((offset, bytes));
                Ok(())
            }
        }
    }
}

async fn capture_script(text: &str, plugin_registry: &PluginRegistry) -> Captured {
    let dir = TestDir::new();
    let (spec, work_dir) = (dir.spec(text, &[]), dir.work());
    let (process, outputs) = Process::start(&shim(), &spec)
        .await
        .expect("the shim starts");
    let over = CancellationToken::new();
    let ended = async {
        let report = process.end().await.expect("a report");
        over.cancel();
        report
    };
    let work = async {
        tokio::join!(
            ended,
            capture(
                &work_dir,
                outputs.stdout,
                over.cancelled(),
                plugin_registry.clone()
            )
        )
    };
    let (report, captured) = tokio::time::timeout(DEADLINE, work).await.expect("it ends");
    assert_eq!(report.end, End::Exited(0));
    captured
}

#[tokio::test]
async fn everything_arrives_in_order_and_bytes_survive() {
    let plugin_registry = PluginRegistry::new(Fate::FailedAtFirst(3));
    let captured = capture_script("printf 'a\\000b\\377c'; seq 100000", &plugin_registry).await;
    let numbers: String = (1..=100_000).map(|n| format!("{n}\n")).collect();
    let expected = [&b"a\0b\xffc"[..], numbers.as_bytes()].concat();
    assert_eq!(plugin_registry.text(), expected);
    assert_eq!(captured.total_bytes, expected.len() as u64);
    assert_eq!(captured.excerpt.text(), format!("a\0b\u{fffd}c{numbers}"));
}

#[tokio::test]
async fn gigabytes_neither_stop_the_program_nor_fill_the_memory() {
    const FLOOD: u64 = 2 << 30;
    let plugin_registry = PluginRegistry::new(Fate::Stored);
    let captured =
        capture_script(&format!("yes 0123456 | head -c {FLOOD}"), &plugin_registry).await;
    assert_eq!(captured.total_bytes, FLOOD);
    let text = captured.excerpt.text();
    assert!(text.len() <= wire::jobs::OUTPUT_LIMIT_BYTES);
    assert!(text.starts_with("0123456\n") && text.ends_with("0123456\n"));
    assert!(text.contains("bytes cut"));
    assert!(
        plugin_registry.stored() < 256 << 20,
        "{} bytes were sent",
        plugin_registry.stored()
    );
    // The offsets say where the gaps are, and the end is there.
    let chunks = plugin_registry.chunks.lock().unwrap();
    assert!(chunks.is_sorted_by_key(|(offset, _)| *offset));
    let (offset, bytes) = chunks.last().expect("a chunk");
    assert_eq!(offset + bytes.len() as u64, FLOOD);
    assert!(
        chunks
            .iter()
            .all(|(offset, bytes)| bytes[0] == b"0123456\n"[(offset % 8) as usize])
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_or_refuses_holds_nothing_up_for_long() {
    for fate in [Fate::Unanswered, Fate::Refused] {
        let plugin_registry = PluginRegistry::new(fate);
        let (mut program, stream) = tokio::io::duplex(64 << 10);
        let began = tokio::time::Instant::now();
        let print = async move {
            for _ in 0..100 {
                program
                    .write_all(&[b'x'; 64 << 10])
                    .await
                    .expect("somebody reads");
            }
        };
        let dir = TestDir::new();
        let work_dir = dir.work();
        let capture = capture(&work_dir, stream, pending(), plugin_registry);
        let (captured, ()) = tokio::join!(capture, print);
        assert_eq!(captured.total_bytes, 100 * (64 << 10));
        assert!(began.elapsed() < Duration::from_secs(15));
        let unsent = captured.unsent.iter().filter_map(|piece| piece.held.read());
        let unsent: usize = unsent.map(|bytes| bytes.len()).sum();
        let kept = match fate {
            Fate::Refused => 0,
            _ => 100 * (64 << 10),
        };
        assert_eq!(unsent, kept);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_is_sent_within_a_fraction_of_a_second() {
    let plugin_registry = PluginRegistry::new(Fate::Stored);
    let (mut program, stream) = tokio::io::duplex(1024);
    let watch = async {
        program
            .write_all(b"one line\n")
            .await
            .expect("somebody reads");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(plugin_registry.text(), b"one line\n");
        drop(program);
    };
    let dir = TestDir::new();
    let work_dir = dir.work();
    let capture = capture(&work_dir, stream, pending(), plugin_registry.clone());
    let (captured, ()) = tokio::join!(capture, watch);
    assert_eq!(captured.total_bytes, 9);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_for_a_while_loses_nothing_that_it_would_store() {
    const LINES: usize = 8 << 16;
    let plugin_registry = PluginRegistry::new(Fate::FailedAtFirst(6));
    let (mut program, stream) = tokio::io::duplex(64 << 10);
    let lines: String = (0..LINES)
        .map(|number| format!("line {number:09}\n"))
        .collect();
    let print = async {
        let print = program.write_all(lines.as_bytes());
        print.await.expect("it is read");
        drop(program);
    };
    let dir = TestDir::new();
    let work_dir = dir.work();
    let capture = capture(&work_dir, stream, pending(), plugin_registry.clone());
    let (captured, ()) = tokio::join!(capture, print);
    assert!(captured.unsent.is_empty());
    assert!(
        plugin_registry.text() == lines.as_bytes(),
        "something is missing"
    );
    let left = std::fs::read_dir(dir.work()).expect("a directory").count();
    assert_eq!(left, 0, "the file has no name");
}

#[tokio::test(start_paused = true)]
async fn what_is_printed_to_both_streams_arrives_in_the_order_of_printing() {
    let plugin_registry = PluginRegistry::new(Fate::Stored);
    let (mut out, stdout) = tokio::io::duplex(1024);
    let (mut err, stderr) = tokio::io::duplex(1024);
    let print = async {
        for number in 0..6 {
            let program = if number % 2 == 0 { &mut err } else { &mut out };
            let print = program.write_all(format!("{number}").as_bytes()).await;
            print.expect("it is read");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop((out, err));
    };
    let dir = TestDir::new();
    let work_dir = dir.work();
    let capture = capture_both(
        &work_dir,
        (stdout, pending(), plugin_registry.clone()),
        (stderr, pending(), plugin_registry.clone()),
    );
    let ((stdout, stderr), ()) = tokio::join!(capture, print);
    assert_eq!((stdout.total_bytes, stderr.total_bytes), (3, 3));
    assert_eq!(plugin_registry.text(), b"012345");
}

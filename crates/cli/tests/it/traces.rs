//! A run is one trace, whichever process writes its parts.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
};
use prost::Message;

use crate::harness::{DEADLINE, Server, code, exits, poll, stdout, wait_for};

/// A collector that keeps what it is sent: the service's name and the span.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<(String, Span)>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("it has an address")
        );
        let spans = Arc::new(Mutex::new(Vec::new()));
        let kept = spans.clone();
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = kept.clone();
                thread::spawn(move || answer(stream, &kept));
            }
        });
        Self { url, spans }
    }

    fn of(&self, trace: &[u8]) -> Vec<(String, Span)> {
        let spans = self.spans.lock().expect("nobody panics with it");
        let ours = spans.iter().filter(|(_, span)| span.trace_id == trace);
        ours.cloned().collect()
    }
}

fn answer(mut stream: TcpStream, kept: &Mutex<Vec<(String, Span)>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
    loop {
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            line.clear();
        }
        if length == 0 {
            return;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body is sent");
        let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("OTLP");
        for part in request.resource_spans {
            let service = format!("{:?}", part.resource);
            let spans = part.scope_spans.into_iter().flat_map(|scope| scope.spans);
            let spans = spans.map(|span| (service.clone(), span));
            kept.lock().expect("nobody panics with it").extend(spans);
        }
        let done =
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(done.as_bytes()).expect("it is read");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The trace of a run has the run's id.
fn trace(run: &str) -> Vec<u8> {
    let digits = run.replace('-', "");
    (0..16)
        .map(|place| u8::from_str_radix(&digits[place * 2..place * 2 + 2], 16).expect("hex"))
        .collect()
}

#[test]
fn a_run_is_one_trace_across_server_and_executor() {
    let collector = Collector::start();
    let traced = format!("--otlp-endpoint={}", collector.url);
    let server = Server::start(&[&traced]);
    let mut executor = server.start_executor("traced", &["--slots=1", &traced]);
    let script = server.script("traced.sh", "echo $TRACEPARENT");
    let id = server.submit(&[&script]);
    exits(&server.run(&["job", "wait", &id]), 0);
    let printed = stdout(&server.run(&["job", "logs", &id]));
    // What is left is sent at the end of each process.
    executor.stop();
    let bytes = trace(&id);
    let trace = hex(&bytes);
    let spans = poll("all five parts are there", || {
        let spans = collector.of(&bytes);
        (spans.len() == 5).then_some(spans)
    });
    let named = |name: &str| {
        let mut found = spans.iter().filter(|(_, span)| span.name == name);
        found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {spans:?}"))
    };
    let ((server_name, run), (_, queue)) = (named("run"), named("queue"));
    let ((executor_name, attempt), (_, program)) = (named("attempt"), named("program"));
    assert!(run.parent_span_id.is_empty(), "{run:?}");
    assert_eq!(queue.parent_span_id, run.span_id);
    assert_eq!(attempt.parent_span_id, run.span_id);
    assert_eq!(named("prepare").1.parent_span_id, attempt.span_id);
    assert_eq!(program.parent_span_id, attempt.span_id);
    assert!(server_name.contains("playhouse-server"), "{server_name}");
    assert!(
        executor_name.contains("playhouse-executor"),
        "{executor_name}"
    );
    assert!(run.start_time_unix_nano <= program.start_time_unix_nano);
    assert_eq!(
        printed,
        format!("00-{trace}-{}-01\n", hex(&program.span_id))
    );
}

#[test]
fn a_run_that_ends_while_the_server_stops_is_told_of() {
    let collector = Collector::start();
    let traced = format!("--otlp-endpoint={}", collector.url);
    let mut server = Server::start(&[&traced]);
    let script = server.script("last.sh", "true");
    let id = server.submit(&[&script]);
    let me = r#"{"executor_id":"last","executor_ip":"192.0.2.7"}"#;
    let length = me.len();
    let head = format!("host: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n");
    let claim = format!("POST /api/v1/jobs/claim HTTP/1.1\r\n{head}\r\n{me}");
    let claimed = read(&mut send(&server, &claim));
    assert!(claimed.contains(&id), "{claimed}");
    // The server asks for the body when it reads it: the call is under way.
    let put = format!("PUT /api/v1/jobs/{id}/complete HTTP/1.1\r\n{head}");
    let mut end = send(&server, &format!("{put}expect: 100-continue\r\n\r\n"));
    let mut asked = [0; 12];
    end.read_exact(&mut asked).expect("it asks");
    assert_eq!(&asked, b"HTTP/1.1 100");
    server.process.signal(Signal::SIGTERM);
    wait_for("it stops", || {
        let said = server.process.stderr();
        said.contains("stopping in order")
    });
    end.write_all(me.as_bytes()).expect("the body");
    let ended = read(&mut end);
    assert!(ended.contains("HTTP/1.1 200"), "{ended}");
    assert!(server.process.wait().success());
    let names: Vec<String> = collector
        .of(&trace(&id))
        .into_iter()
        .map(|(_, span)| span.name)
        .collect();
    assert_eq!(names.len(), 2, "run and queue: {names:?}");
}

fn send(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    stream.write_all(text.as_bytes()).expect("a request");
    stream
}

fn read(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

#[test]
fn a_collector_that_is_away_costs_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = nobody.local_addr().expect("it has an address");
    drop(nobody);
    let traced = format!("--otlp-endpoint=http://{address}");
    let server = Server::start(&["--with-executor", "--slots=1", &traced]);
    let script = server.script("lonely.sh", "echo done");
    let submitted = server.run(&["job", "submit", &script]);
    assert_eq!(code(&submitted), Some(0));
    assert_eq!(stdout(&submitted).as_str(), "done\n");
}

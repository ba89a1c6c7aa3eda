//! `playhouse events`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::harness::{Server, exits, json, output, wait_for};

/// What a reader got.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Value>>>);

impl Seen {
    pub(crate) fn push(&self, event: Value) {
        self.0.lock().expect("no panic").push(event);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().expect("no panic").len()
    }

    pub(crate) fn last(&self) -> Option<Value> {
        self.0.lock().expect("no panic").last().cloned()
    }

    /// Those that came after the first so many.
    pub(crate) fn after(&self, count: usize) -> Vec<Value> {
        self.0.lock().expect("no panic")[count..].to_vec()
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        self.0.lock().expect("no panic").clone()
    }
}

/// `playhouse events --json`.
pub(crate) struct Following {
    child: Child,
    pub(crate) seen: Seen,
}

impl Following {
    pub(crate) fn start(server: &Server, arguments: &[&str]) -> Self {
        let mut command = server.client(&["events", "--json"]);
        command.args(arguments);
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let seen = Seen::default();
        let sink = seen.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Self { child, seen }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_happens_is_printed_as_it_happens() {
    let server = Server::start(&["--with-executor"]);
    let all = Following::start(&server, &["--after", "0"]);
    let some = ["--after=0", "--kind=job", "--types=job.sub*,job.completed"];
    let some = Following::start(&server, &some);
    let script = server.script("quick.sh", "true");
    let submitted = server.run(&["job", "submit", "--json", &script]);
    let job = json(&submitted);
    wait_for("all is told", || all.seen.count() == 3);
    wait_for("some is told", || some.seen.count() == 2);
    let words = |following: &Following| -> Vec<String> {
        let events = following.seen.all();
        assert!(events.iter().all(|event| event["run_id"] == job["id"]));
        let types = events.iter().filter_map(|event| event["type"].as_str());
        types.map(str::to_owned).collect()
    };
    assert_eq!(
        words(&all),
        ["job.submitted", "job.started", "job.completed"]
    );
    assert_eq!(words(&some), ["job.submitted", "job.completed"]);
}

#[test]
fn what_cannot_be_followed_is_said_at_once() {
    let none = output(["events", "--server", "http://127.0.0.1:9"]);
    exits(&none, 69);
    let negative = output(["events", "--after", "-1"]);
    exits(&negative, 2);
    let server = Server::start(&[]);
    let refused = server.run(&["events", "--run", "42"]);
    exits(&refused, 65);
}

//! Server and executor are killed at random moments while playbooks run: each execution comes to its end, and no step
//! runs again whose end was known.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    harness::{Process, Server, exits, poll, prints, stdout, wait_for},
    ledger::random_ms,
};

const ROUNDS: &str = "PLAYHOUSE_KILL_ROUNDS";
/// Each kill finds so many executions somewhere in a step or between two.
const AT_ONCE: usize = 8;
/// Steps of an execution, numbered in the order in which they run.
const STEPS: usize = 14;
const SHORT_LEASES: [&str; 2] = ["--lease-seconds=2", "--scan-seconds=1"];
/// The witness lies outside of what a step may write to otherwise.
const EXECUTOR: [&str; 2] = ["--slots=8", "--isolation=none"];

#[expect(
    clippy::disallowed_methods,
    reason = "the number of rounds comes from `cargo xtask`"
)]
fn rounds() -> usize {
    std::env::var(ROUNDS).map_or(12, |text| text.parse().expect("a number of rounds"))
}

/// Steps one after the other, in a group, in a loop and at the end. Each writes its number when it begins.
fn playbook(witness: &Path) -> String {
    let step = |number: &str, id: &str| {
        let file = witness.display();
        format!(
            "{{id: {id}, name: S, type: utility.shell, parameters: \
             {{script: 'echo {{{{ tag }}}} {number} >> {file}; sleep 0.02'}}}}"
        )
    };
    let mut text =
        "name: Witness\nversion: '1'\nparameters: [{name: tag, type: string}]\nsteps:\n".to_owned();
    for number in 0..8 {
        let _ = writeln!(
            text,
            "- {}",
            step(&number.to_string(), &format!("s{number}"))
        );
    }
    let _ = writeln!(
        text,
        "- id: group\n  name: G\n  steps:\n  - {}\n  - {}",
        step("8", "a"),
        step("9", "b")
    );
    let item = step("{{ item }}", "each").replacen('{', "{for_each: [10, 11, 12], ", 1);
    let _ = writeln!(text, "- {item}\nfinally:\n- {}", step("13", "last"));
    text
}

struct Witness {
    server: Server,
    executor: Process,
    file: PathBuf,
    _library: tempfile::TempDir,
    /// The executions, by their tags.
    started: BTreeMap<String, String>,
}

impl Witness {
    fn start() -> Self {
        let library = tempfile::tempdir().expect("a directory");
        let file = library.path().join("witness");
        fs::write(&file, "").expect("written");
        fs::write(library.path().join("witness.yaml"), playbook(&file)).expect("written");
        let place = format!("--library={}", library.path().display());
        let server = Server::start(&[&SHORT_LEASES[..], &[&place]].concat());
        Self {
            executor: server.start_executor("mortal", &EXECUTOR),
            server,
            file,
            _library: library,
            started: BTreeMap::new(),
        }
    }

    /// Starts executions until so many run.
    fn fill(&mut self, running: usize) {
        for _ in running..AT_ONCE {
            let tag = format!("t{}", self.started.len());
            let parameter = format!("tag={tag}");
            let run = [
                "playbook",
                "run",
                "--detach",
                "witness.yaml",
                "-p",
                &parameter,
            ];
            let run = self.server.run(&run);
            exits(&run, 0);
            self.started.insert(tag, stdout(&run).trim().to_owned());
        }
    }

    /// The executions that have not ended, and how many failed.
    fn running(&self) -> usize {
        let list = [
            "run",
            "list",
            "--kind",
            "execution",
            "--limit",
            "500",
            "--json",
        ];
        let listed = stdout(&self.server.run(&list));
        let runs = listed.lines().map(|line| {
            let run: Value = serde_json::from_str(line).expect("JSON");
            run["status"].as_str().expect("a status").to_owned()
        });
        let statuses: Vec<String> = runs.collect();
        assert_eq!(statuses.len(), self.started.len());
        assert!(!statuses.contains(&"failed".to_owned()), "{listed}");
        let ended = statuses.iter().filter(|status| *status == "completed");
        self.started.len() - ended.count()
    }

    fn lines(&self) -> Vec<(String, usize)> {
        let text = fs::read_to_string(&self.file).expect("the witness");
        let line = |line: &str| {
            let (tag, number) = line.split_once(' ').expect("a tag and a number");
            (tag.to_owned(), number.parse().expect("a number"))
        };
        text.lines().map(line).collect()
    }

    /// Each step was begun, in order; one that began again did so before the next one began, which is not before
    /// its end is known. Answers how many began again.
    fn check(&self) -> usize {
        let mut seen: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let lines = self.lines();
        for (tag, number) in &lines {
            seen.entry(tag).or_default().push(*number);
        }
        let mut again = 0;
        for tag in self.started.keys() {
            let numbers = &seen[tag.as_str()];
            assert!(
                numbers.is_sorted(),
                "{tag}: a step that had ended ran again: {numbers:?}"
            );
            let each: BTreeSet<usize> = numbers.iter().copied().collect();
            assert!(each.into_iter().eq(0..STEPS), "{tag}: {numbers:?}");
            again += numbers.len() - STEPS;
        }
        again
    }
}

#[test]
fn a_kill_of_server_or_executor_repeats_no_step_that_had_ended() {
    let mut witness = Witness::start();
    let mut boundaries = 0;
    for round in 0..rounds() {
        let running = witness.running();
        witness.fill(running);
        // An attempt in which no step ends counts as a failure: each one is to make some progress.
        let before = witness.lines().len();
        // Those that were near their end may have no more steps than that.
        wait_for("steps end", || {
            witness.lines().len() >= before + 4 * AT_ONCE || witness.running() == 0
        });
        std::thread::sleep(random_ms(120));
        boundaries += AT_ONCE;
        let (server, executor) = (round % 3 != 1, round % 3 != 0);
        if server {
            witness.server.kill();
        }
        if executor {
            witness.executor.signal(Signal::SIGKILL);
            witness.executor.wait();
        }
        if server {
            witness.server.restart();
        }
        if executor {
            witness.executor = witness.server.start_executor("mortal", &EXECUTOR);
        }
    }
    wait_for("all executions end", || witness.running() == 0);
    let again = witness.check();
    assert!(boundaries >= AT_ONCE * rounds());
    assert!(again > 0, "no kill hit a step");
}

const ONCE: &str = "name: Once\nversion: '1'\nsteps:\n\
    - {id: before, name: B, type: utility.log, parameters: {message: before}}\n\
    - {id: once, name: Once, type: utility.shell, idempotent: false, \
       parameters: {script: 'echo ran >> FILE; until [ -e FILE.go ]; do sleep 0.05; done'}}\n\
    - {id: after, name: A, type: utility.log, parameters: {message: after}}\n";

/// An executor dies in a step that must not run twice: nothing goes on before an operator says how.
#[test]
fn an_operator_decides_about_a_step_that_a_kill_interrupted() {
    let library = tempfile::tempdir().expect("a directory");
    let file = |name: &str| library.path().join(name);
    for name in ["resume", "skip", "cancel"] {
        let text = ONCE.replace("FILE", &file(name).display().to_string());
        fs::write(file(&format!("{name}.yaml")), text).expect("written");
    }
    let place = format!("--library={}", library.path().display());
    let server = Server::start(&[&SHORT_LEASES[..], &[&place]].concat());
    let mut executor = server.start_executor("mortal", &EXECUTOR);
    let ids = ["resume", "skip", "cancel"].map(|name| {
        let playbook = format!("{name}.yaml");
        let run = server.run(&["playbook", "run", "--detach", &playbook]);
        exits(&run, 0);
        wait_for("the step runs", || file(name).exists());
        stdout(&run).trim().to_owned()
    });
    executor.signal(Signal::SIGKILL);
    executor.wait();
    let _second = server.start_executor("mortal", &EXECUTOR);
    let execution = |id: &str| -> Value {
        let path = format!("/api/executions/{id}");
        let answer = crate::harness::get(server.port, &path).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    };
    for id in &ids {
        let waits = poll("it waits for an operator", || {
            let shown = execution(id);
            (shown["waiting_for"] == "operator").then_some(shown)
        });
        assert_eq!(
            (&waits["status"], &waits["current_step_index"]),
            (&"paused".into(), &1.into())
        );
        let why = waits["step_results"][1]["error"]
            .as_str()
            .expect("a reason");
        assert!(why.contains("it was interrupted"), "{waits:#}");
        prints(&server.run(&["run", "get", id]), "operator");
    }
    let [resume, skip, cancel] = &ids;
    // Over the command line, the contract, and both ways to the same.
    exits(&server.run(&["run", "resume", resume]), 0);
    fs::write(file("resume.go"), "").expect("written");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let post = |id: &str, what: &str| {
        let path = format!("/api/executions/{id}/{what}");
        runtime.block_on(post(&server, &path));
    };
    post(skip, "skip");
    exits(&server.run(&["run", "cancel", cancel]), 0);
    for (id, status, ran, step) in [
        (resume, "completed", 2, "completed"),
        (skip, "completed", 1, "skipped"),
        (cancel, "cancelled", 1, "cancelled"),
    ] {
        let ended = poll("it ends", || {
            let shown = execution(id);
            (shown["status"] == status).then_some(shown)
        });
        assert_eq!(ended["step_results"][1]["status"], step, "{ended:#}");
        let name = ended["playbook_path"]
            .as_str()
            .expect("a path")
            .trim_end_matches(".yaml");
        let lines = fs::read_to_string(file(name)).expect("the witness");
        assert_eq!(lines.lines().count(), ran, "{name}");
    }
}

/// A plain POST without a body.
async fn post(server: &Server, path: &str) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", server.port)).await;
    let mut stream = stream.expect("the server is there");
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        server.port
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

//! Executions of playbooks between a server that keeps their parts and real processes.

mod addresses;
mod controls;
mod gateway;
mod limits;
mod order;
mod outputs;
mod requests;
mod resume;
mod scripts;
mod secrets;
mod server;
mod stops;

use std::time::Duration;

use executor::{CancellationToken, Error, Settings, run};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::Instant};
use wire::{
    executors::{RunResult, Stage},
    runs::RunPart,
};

use crate::test_dir::{DEADLINE, TestDir, shim};
use server::ExecutionServer;

/// A running executor that performs executions.
struct Executions {
    server: ExecutionServer,
    dir: TestDir,
    stop: CancellationToken,
    executor: JoinHandle<Result<(), Error>>,
}

impl Executions {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(ExecutionServer::default(), change)
    }

    /// An executor of a server that is there already.
    fn on(server: ExecutionServer, change: impl FnOnce(&mut Settings)) -> Self {
        let dir = TestDir::new();
        let mut settings = Settings::new("tester", dir.path("data"), shim());
        settings.slots = 4;
        settings.claim_grace = Duration::from_millis(200);
        settings.files_dir = Some(dir.path(""));
        change(&mut settings);
        let stop = CancellationToken::new();
        let executor = tokio::spawn(run(server.client(), settings, stop.clone()));
        Self {
            server,
            dir,
            stop,
            executor,
        }
    }

    /// Starts an execution of one playbook with these steps.
    fn start(&self, id: &str, steps: &str) {
        self.start_with(id, steps, &json!({}));
    }

    fn start_with(&self, id: &str, steps: &str, more: &Value) {
        self.server
            .submit(id, &[("test.yaml", &playbook(steps))], more);
    }

    async fn until<A>(&self, what: &str, mut found: impl FnMut(&Self) -> Option<A>) -> A {
        let began = Instant::now();
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(
                began.elapsed() < DEADLINE && !self.executor.is_finished(),
                "{what}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn result(&self, id: &str) -> RunResult {
        self.until("it ends", |one| one.server.jobs.result(id))
            .await
    }

    /// Runs steps to their end; answers the error of the execution and its parts.
    async fn run(&self, id: &str, steps: &str) -> (Option<String>, Vec<RunPart>) {
        self.start(id, steps);
        let result = self.result(id).await;
        assert_eq!(result.completed(), result.error_message.is_none());
        (result.error_message, self.parts(id))
    }

    fn parts(&self, id: &str) -> Vec<RunPart> {
        self.server.runs()[id].parts.values().cloned().collect()
    }

    /// Waits until a step has begun.
    async fn begun(&self, id: &str, step: &str) {
        let begun = |part: &RunPart| part.name == step && part.stage == Stage::Started;
        self.until(step, |one| one.parts(id).iter().any(begun).then_some(()))
            .await;
    }

    /// Waits until the run was parked so often; answers what for, and for how long at most.
    async fn parked(&self, id: &str, times: usize) -> (String, Option<u64>) {
        self.until("it waits", |one| {
            let parked = &one.server.runs()[id].parked;
            let last = parked.get(times - 1)?;
            Some((last.wait_for.clone(), last.timeout_ms))
        })
        .await
    }

    fn log(&self, id: &str, stream: &str) -> String {
        let key = (id.to_owned(), stream.to_owned());
        let bytes = self.server.jobs.state().logs.get(&key).cloned();
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }

    /// Stops the executor and waits for the end of its drain.
    async fn end(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(DEADLINE, self.executor).await;
        let ended = ended.expect("the drain ends").expect("it does not panic");
        ended.expect("it ends well");
        let left = std::fs::read_dir(self.dir.path("data/work"))
            .into_iter()
            .flatten()
            .flatten();
        let left = left.filter(|entry| entry.file_name() != ".lock").count();
        assert_eq!(left, 0, "a work directory was left behind");
    }
}

/// A playbook with these steps.
fn playbook(steps: &str) -> String {
    format!("name: Test\nversion: \"1\"\nsteps:\n{steps}")
}

/// What was reported, in order: `+` started, for the first time in this attempt, a name completed, `!`
/// failed, `-` skipped, `x` cancelled.
fn reported(server: &ExecutionServer, id: &str) -> Vec<String> {
    let word = |stage| match stage {
        Stage::Started => "+",
        Stage::Completed => "",
        Stage::Failed => "!",
        Stage::Skipped => "-",
        Stage::Cancelled => "x",
        Stage::Interrupted => "?",
    };
    let notes = server.jobs.notes(id);
    let parts = notes.iter().flat_map(|note| &note.parts);
    let place = |path: &str| {
        if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        }
    };
    let reported =
        parts.map(|part| format!("{}{}{}", word(part.stage), place(&part.path), part.name));
    let mut reported: Vec<String> = reported.collect();
    reported.dedup();
    reported
}

/// The output of a step.
fn output<'a>(parts: &'a [RunPart], step: &str) -> &'a Value {
    let part = parts.iter().find(|part| part.name == step);
    &part.expect("it has a part").body["output"]
}

//! A whole executor between a fake server and a server of programs.

use std::{fs, time::Duration};

use executor::{AllowedPath, CancellationToken, Error, FetchRule, Settings, run};
use serde_json::Value;
use tokio::{task::JoinHandle, time::Instant};
use wire::executors::{Registration, RunResult};

use crate::{
    binaries::digest,
    fake_server::FakeServer,
    programs::Programs,
    test_dir::{DEADLINE, TestDir, runs, shim},
};

/// A running executor with its peers.
pub(crate) struct TestExecutor {
    pub(crate) dir: TestDir,
    pub(crate) server: FakeServer,
    pub(crate) programs: Programs,
    pub(crate) stop: CancellationToken,
    executor: JoinHandle<Result<(), Error>>,
}

impl TestExecutor {
    pub(crate) async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = TestDir::new();
        let mut settings = Settings::new("tester", dir.path("data"), shim());
        // Programs of tests are on loopback, also those of strict jobs.
        settings.allow_fetch = vec![FetchRule::Any];
        settings.slots = 4;
        // The fake server answers at once: no test waits for a claim without an answer.
        settings.claim_grace = Duration::from_millis(200);
        settings.executor_ip = "192.0.2.1".to_owned();
        // Jobs wait there for what a test does meanwhile.
        let gates = dir.path("gates");
        fs::create_dir(&gates).expect("a directory");
        settings.allow_paths = vec![AllowedPath {
            path: gates,
            writable: false,
        }];
        change(&mut settings);
        let (server, stop) = (FakeServer::default(), CancellationToken::new());
        let executor = tokio::spawn(run(server.client(), settings, stop.clone()));
        Self {
            dir,
            server,
            programs: Programs::serve().await,
            stop,
            executor,
        }
    }

    /// Submits a script as a job.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write it as a literal"
    )]
    pub(crate) fn submit(&self, id: &str, script: &str, more: Value) {
        let program = format!("#!/bin/sh\n{script}\n");
        let sha256 = digest(program.as_bytes()).to_string();
        let url = self.programs.put("file", id, program);
        self.server.submit(id, &url, &sha256, &more);
    }

    /// Submits a plugin job that may take five minutes.
    pub(crate) fn submit_plugins(&self, id: &str, plugins: &[&str], more: &Value) {
        self.server.submit_plugins(id, plugins, more);
    }

    pub(crate) async fn until<A>(
        &self,
        what: &str,
        mut found: impl FnMut(&Self) -> Option<A>,
    ) -> A {
        let began = Instant::now();
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(began.elapsed() < DEADLINE, "{what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the condition holds.
    pub(crate) async fn wait_for(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        self.until(what, |executor| condition(executor).then_some(()))
            .await;
    }

    /// Waits until a process with this word among its arguments runs, or none does.
    pub(crate) async fn sees(&self, word: &str, running: bool) {
        let what = if running { "it runs" } else { "it is killed" };
        self.wait_for(what, |_| runs(word) == running).await;
    }

    /// What it registers with.
    pub(crate) async fn registration(&self) -> Registration {
        let registration = |executor: &Self| executor.server.state().registration.clone();
        self.until("it registers", registration).await
    }

    /// The next run that is released because this executor cannot perform it, and why.
    pub(crate) async fn abandoned(&self) -> (String, String) {
        let abandoned = |executor: &Self| executor.server.state().abandoned.pop();
        self.until("it is released", abandoned).await
    }

    /// Waits until something of a run is in its work directory, or nothing of any.
    pub(crate) async fn works(&self, working: bool) {
        let what = if working { "it runs" } else { "it has ended" };
        self.wait_for(what, |executor| (executor.left_behind() > 0) == working)
            .await;
    }

    /// Takes the directory away in which work directories are made; [`Self::restore_work_dir`] puts it back.
    pub(crate) fn remove_work_dir(&self) {
        let work = self.dir.path("data/work");
        fs::rename(&work, self.dir.path("data/aside")).expect("it is moved");
        fs::write(&work, "").expect("a file");
    }

    pub(crate) fn restore_work_dir(&self) {
        let work = self.dir.path("data/work");
        fs::remove_file(&work).expect("a file");
        fs::rename(self.dir.path("data/aside"), &work).expect("it is moved back");
    }

    pub(crate) async fn result(&self, id: &str) -> RunResult {
        self.until(id, |executor| executor.server.result(id)).await
    }

    /// Waits until a job has printed this, and no more.
    pub(crate) async fn printed(&self, id: &str, text: &str) {
        self.wait_for(id, |executor| executor.log(id, "stdout") == text)
            .await;
    }

    pub(crate) fn log(&self, id: &str, stream: &str) -> String {
        let key = (id.to_owned(), stream.to_owned());
        let bytes = self
            .server
            .state()
            .logs
            .get(&key)
            .cloned()
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Stops the executor and waits for the end of its drain.
    pub(crate) async fn end(self) -> Self {
        self.stop.cancel();
        self.ended().await
    }

    pub(crate) async fn ended(mut self) -> Self {
        let ended = tokio::time::timeout(DEADLINE, &mut self.executor).await;
        ended
            .expect("the drain ends")
            .expect("it does not panic")
            .expect("it ends well");
        assert_eq!(self.left_behind(), 0, "a work directory was left behind");
        self
    }

    /// Waits until the executor ends by itself, because it cannot go on.
    pub(crate) async fn failed(mut self) -> Error {
        let ended = tokio::time::timeout(DEADLINE, &mut self.executor).await;
        let ended = ended.expect("it ends").expect("it does not panic");
        assert_eq!(self.left_behind(), 0, "a work directory was left behind");
        ended.expect_err("it cannot go on")
    }

    pub(crate) fn left_behind(&self) -> usize {
        // It is not there before the executor has begun.
        let entries = fs::read_dir(self.dir.path("data/work"))
            .into_iter()
            .flatten();
        entries
            .flatten()
            .filter(|entry| entry.file_name() != ".lock")
            .count()
    }
}

//! The simulated world: one server at a time, its clock, and who calls it.

use std::path::PathBuf;

use axum::body::Body;
use http::{Method, Request};
use serde_json::Value;
use server::{Assembled, Clock, Settings};
use tempfile::TempDir;
use tower::ServiceExt;
use wire::{client::Client, executors::AdvanceRun};

use super::{
    chance::Chance,
    clock::SimulatedClock,
    executor::{Executor, Report},
    jobs::Submission,
    ledger::{LEASE_MS, Ledger},
    tally::Tally,
};
use crate::answer::Answer;

/// The loops' times, as the real server has them.
pub(super) const SCAN_MS: i64 = 5_000;
const SCHEDULE_MS: i64 = 1_000;
const RETAIN_MS: i64 = 60_000;
const EXECUTORS: usize = 6;

/// When each loop ticks next.
struct Ticks {
    reap: i64,
    schedule: i64,
    retain: i64,
}

/// Everything of one simulation.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) clock: SimulatedClock,
    pub(super) ledger: Ledger,
    pub(super) tally: Tally,
    pub(super) executors: Vec<Executor>,
    /// Reports on their way: when they arrive, and what they say.
    pub(super) network: Vec<(i64, Report)>,
    /// Copies of reports of plugin jobs that come late.
    pub(super) late_notes: Vec<(i64, String, AdvanceRun)>,
    /// There are no faults any more.
    pub(super) calm: bool,
    /// What was submitted, whether or not the submitter heard the answer.
    pub(super) submissions: Vec<Submission>,
    pub(super) retention_ms: i64,
    trace: Vec<String>,
    server: Option<Assembled>,
    ticks: Ticks,
    /// The reaper does not look before.
    grace_until: i64,
    dir: TempDir,
}

impl World {
    pub(super) async fn open(seed: u64, dir: TempDir) -> Self {
        let mut chance = Chance::new(seed);
        // A quarter of the simulations forget soon what has ended.
        let retention_ms = if chance.percent(25) {
            90_000
        } else {
            7 * 86_400_000
        };
        let executors = (0..EXECUTORS)
            .map(|n| Executor::new(n, n % 2 == 1))
            .collect();
        let mut world = Self {
            chance,
            clock: SimulatedClock::new(),
            ledger: Ledger::default(),
            tally: Tally::default(),
            executors,
            network: Vec::new(),
            late_notes: Vec::new(),
            calm: false,
            submissions: Vec::new(),
            retention_ms,
            trace: Vec::new(),
            server: None,
            ticks: Ticks {
                reap: 0,
                schedule: 0,
                retain: 0,
            },
            grace_until: 0,
            dir,
        };
        world.serve().await;
        world
    }

    pub(super) fn into_tally(mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    pub(super) fn into_trace(mut self) -> Vec<String> {
        std::mem::take(&mut self.trace)
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now()
    }

    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        let at = self.now() - crate::test_server::NOON_MS;
        self.trace.push(format!("{at:>8} ms: {}", what()));
    }

    fn server(&self) -> &Assembled {
        self.server.as_ref().expect("a server is open")
    }

    pub(super) fn client(&self) -> Client {
        self.server().client()
    }

    /// A call by a client that knows only the contract.
    pub(super) async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        let request = request
            .body(Body::from(body.to_string()))
            .expect("a request");
        let Ok(response) = self.server().router().oneshot(request).await;
        let status = response.status().as_u16();
        let body = Answer::new(response).bytes().await;
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Opens the server on the directory.
    async fn serve(&mut self) {
        let path: PathBuf = self.dir.path().join("data");
        let mut settings = Settings::new(path);
        let retention = u64::try_from(self.retention_ms).expect("not negative");
        settings.retention = std::time::Duration::from_millis(retention);
        let clock = Clock::new(self.clock.clone());
        self.server = Some(Assembled::open(settings, clock).await.expect("it opens"));
        let now = self.now();
        self.grace_until = now + LEASE_MS;
        self.ticks = Ticks {
            reap: self.grace_until,
            schedule: now,
            retain: now + RETAIN_MS,
        };
    }

    /// Closes the server; a while later it is there again.
    pub(super) async fn restart(&mut self) {
        let down_ms = self.chance.within(0, 60_000);
        self.note(|| format!("the server is away for {down_ms} ms"));
        self.server = None;
        self.clock.set(self.now() + down_ms);
        self.serve().await;
        self.tally.count("the server was opened again");
    }

    /// Lets time pass; the loops tick in between as they do in the real server.
    pub(super) async fn advance(&mut self, by_ms: i64) {
        let end = self.now() + by_ms;
        loop {
            let next = self
                .ticks
                .reap
                .min(self.ticks.schedule)
                .min(self.ticks.retain);
            if next > end {
                break;
            }
            self.clock.set(next.max(self.now()));
            if next == self.ticks.reap {
                self.ticks.reap = next + SCAN_MS;
                self.reap().await;
            } else if next == self.ticks.schedule {
                self.server().schedule().await.expect("a tick");
                self.ticks.schedule = next + SCHEDULE_MS;
            } else {
                self.ticks.retain = next + RETAIN_MS;
                self.retain().await;
            }
        }
        self.clock.set(end);
    }

    async fn reap(&mut self) {
        let swept = self.server().reap().await.expect("a tick");
        let (now, grace) = (self.now(), self.grace_until);
        let expired = self.ledger.expire(now, grace);
        let plugin_jobs = self.ledger.expired_plugin_jobs(now, grace);
        assert_eq!(
            swept,
            expired.len() + plugin_jobs.len(),
            "leases that expired: {expired:?} {plugin_jobs:?}"
        );
        for id in plugin_jobs {
            self.plugin_job_lost(&id).await;
        }
        for id in expired {
            self.note(|| format!("the lease of {} expired", short(&id)));
            self.tally.count("a lease expired");
            self.look(&id).await;
        }
    }

    async fn retain(&mut self) {
        let deleted = self.server().retain().await.expect("a tick");
        let expected = self.ledger.retain(self.now() - self.retention_ms);
        assert_eq!(deleted, expected, "jobs whose time is over");
        for _ in 0..deleted {
            self.tally.count("a job was deleted after its time");
        }
    }

    /// Looks at a job: what the server says of it must fit what it has acknowledged.
    pub(super) async fn look(&mut self, id: &str) {
        let now = self.now();
        let found = self.client().job(id).await;
        let entry = self.ledger.entry(id);
        match found {
            Ok(job) => {
                assert!(!entry.gone, "{id} was deleted");
                let was_over = entry.over.is_some();
                entry.check(&job, now);
                if !was_over && entry.over.is_some() {
                    self.tally.count(match job.status.as_str() {
                        "completed" => "a job ended completed",
                        "failed" => "a job ended failed",
                        _ => "a job ended cancelled",
                    });
                }
            }
            Err(error) => {
                assert_eq!(
                    error.status().map(|status| status.as_u16()),
                    Some(404),
                    "{error}"
                );
                assert!(entry.gone, "{id} was acknowledged and is lost");
            }
        }
    }

    /// One step with faults.
    pub(super) async fn step(&mut self) {
        let wait_ms = self.chance.within(0, 3_000);
        self.advance(wait_ms).await;
        self.deliver().await;
        self.beats().await;
        let place = self.any_executor();
        match self.chance.within(0, 100) {
            0..25 => self.submit().await,
            25..32 => self.repeat_submit().await,
            32..70 => self.work().await,
            70..75 => self.crash(place),
            75..80 => self.stall(place),
            80..83 => self.drain(place).await,
            83..90 => self.cancel().await,
            90..93 => self.cancel_pending().await,
            93..97 => self.retry().await,
            97..99 => self.restart().await,
            _ => self.advance(60_000).await,
        }
        self.plugin_step().await;
    }

    /// There are no faults any more: every job must come to its end.
    pub(super) async fn calm(&mut self) {
        self.note(|| "calm".to_owned());
        self.recover();
        self.calm = true;
        for _ in 0..1_000 {
            self.advance(5_000).await;
            self.deliver_all().await;
            self.beats().await;
            self.work_all().await;
            self.calm_plugin_step().await;
            let stats = self.client().stats().await.expect("an answer");
            let live = stats.jobs_by_status["pending"] + stats.jobs_by_status["running"];
            if live == 0 && self.plugin_jobs_are_over() {
                return;
            }
        }
        panic!("jobs do not come to an end");
    }
}

impl Drop for World {
    #[expect(clippy::print_stderr, reason = "what led to a failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let from = self.trace.len().saturating_sub(40);
            eprintln!("the last steps:\n{}", self.trace[from..].join("\n"));
        }
    }
}

/// The part of an id that tells it from others here.
pub(super) fn short(id: &str) -> &str {
    id[19..].trim_start_matches(['8', '0', '-'])
}

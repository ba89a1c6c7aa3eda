//! Executors that crash, stall past their leases, wake up and report late, repeat themselves and
//! overtake their own reports. Every second one knows only the contract and has no tokens; the others are as
//! ours are, and perform plugin jobs as well.

use http::Method;
use serde_json::json;
use wire::{
    executors::{Exchange, HeldLease, Release, Renew, ResultOutcome, RunResult},
    jobs::{Claim, Job},
};

use super::{
    ledger::Holder,
    plugin_jobs,
    world::{World, short},
};

const SLOTS: usize = 3;
const BEAT_MS: i64 = 10_000;

/// A job that an executor works on.
#[derive(Clone)]
struct Held {
    job: String,
    token: i64,
    ends_at: i64,
}

/// One executor.
pub(super) struct Executor {
    number: usize,
    generation: usize,
    /// It knows only the contract.
    bare: bool,
    holds: Vec<Held>,
    pub(super) plugin_jobs: Vec<plugin_jobs::Held>,
    /// It does nothing before.
    stalled_until: i64,
    beat_at: i64,
}

/// The end of an attempt, on its way to the server.
#[derive(Clone)]
pub(super) struct Report {
    job: String,
    holder: Holder,
    completed: bool,
    timed_out: bool,
}

impl Executor {
    pub(super) fn new(number: usize, bare: bool) -> Self {
        Self {
            number,
            generation: 0,
            bare,
            holds: Vec::new(),
            plugin_jobs: Vec::new(),
            stalled_until: 0,
            beat_at: 0,
        }
    }

    pub(super) fn is_stalled(&self, now: i64) -> bool {
        self.stalled_until > now
    }

    pub(super) fn name(&self) -> String {
        format!("executor-{}-{}", self.number, self.generation)
    }

    fn holder(&self, held: &Held) -> Holder {
        Holder {
            executor: self.name(),
            token: (!self.bare).then_some(held.token),
        }
    }
}

impl World {
    pub(super) fn any_executor(&mut self) -> usize {
        self.chance
            .index(self.executors.len())
            .expect("there are executors")
    }

    /// The places of those that are as ours are.
    pub(super) fn ours(&self) -> Vec<usize> {
        let places = 0..self.executors.len();
        places
            .filter(|place| !self.executors[*place].bare)
            .collect()
    }

    pub(super) fn any_of_ours(&mut self) -> usize {
        let ours = self.ours();
        ours[self.chance.index(ours.len()).expect("there are some")]
    }

    /// An executor claims, or ends what is done.
    pub(super) async fn work(&mut self) {
        let place = self.any_executor();
        if self.executors[place].is_stalled(self.now()) {
            return;
        }
        self.end_what_is_done(place);
        let free = SLOTS - self.executors[place].holds.len().min(SLOTS);
        if free > 0 {
            self.claim(place, free).await;
        }
    }

    async fn claim(&mut self, place: usize, free: usize) {
        let (name, bare) = (self.executors[place].name(), self.executors[place].bare);
        let jobs = if bare {
            let body = json!({"executor_id": name, "executor_ip": "192.0.2.1"});
            let (status, job) = self.call(Method::POST, "/api/v1/jobs/claim", &body).await;
            assert!(matches!(status, 200 | 204), "{status}: {job}");
            let job: Option<Job> = serde_json::from_value(job).expect("a job or nothing");
            job.into_iter().collect()
        } else {
            let max = self
                .chance
                .within(1, i64::try_from(free).expect("small") + 1);
            let claim = Claim {
                executor_id: name.clone(),
                max: Some(u32::try_from(max).expect("small")),
                ..Claim::default()
            };
            self.client().claim(&claim).await.expect("an answer")
        };
        // An answer that is lost leaves leases that no executor knows of.
        let lost = self.chance.percent(5);
        for job in jobs {
            let now = self.now();
            let token = self.ledger.entry(&job.id).claimed(&job, &name, now);
            self.note(|| format!("{name} claimed {} with token {token}", short(&job.id)));
            self.tally.count("a job was claimed");
            let ends_at = now + self.chance.within(0, 40_000);
            if !lost {
                self.executors[place].holds.push(Held {
                    job: job.id.clone(),
                    token,
                    ends_at,
                });
            }
            self.look(&job.id).await;
        }
    }

    /// Reports set out; they may be late, double, or lost.
    fn end_what_is_done(&mut self, place: usize) {
        let now = self.now();
        let holds = std::mem::take(&mut self.executors[place].holds);
        let (done, rest): (Vec<_>, Vec<_>) =
            holds.into_iter().partition(|held| held.ends_at <= now);
        self.executors[place].holds = rest;
        for held in done {
            let outcome = self.chance.within(0, 10);
            let report = Report {
                job: held.job.clone(),
                holder: self.executors[place].holder(&held),
                completed: outcome < 7,
                timed_out: outcome == 9,
            };
            if self.chance.percent(4) {
                continue;
            }
            let copies = if self.chance.percent(20) { 2 } else { 1 };
            for _ in 0..copies {
                let late = self.chance.percent(15);
                let delay = if late {
                    self.chance.within(0, 90_000)
                } else {
                    0
                };
                self.network.push((now + delay, report.clone()));
            }
        }
    }

    /// Everybody who is well beats in time.
    pub(super) async fn beats(&mut self) {
        for place in 0..self.executors.len() {
            let executor = &self.executors[place];
            let now = self.now();
            if executor.is_stalled(now) || executor.beat_at + BEAT_MS > now {
                continue;
            }
            self.executors[place].beat_at = now;
            let bare = self.executors[place].bare;
            let answers = if bare {
                self.beat_bare(place).await
            } else {
                self.renew(place).await
            };
            let mut answers = answers.into_iter();
            // Most stop what they have lost; some go on, and will report it.
            let obey = self.chance.percent(80);
            self.executors[place]
                .holds
                .retain(|_| answers.next() == Some(true) || !obey);
        }
    }

    async fn beat_bare(&mut self, place: usize) -> Vec<bool> {
        let name = self.executors[place].name();
        let mut answers = Vec::new();
        for held in self.executors[place].holds.clone() {
            let path = format!("/api/v1/jobs/{}/heartbeat", held.job);
            let (status, body) = self
                .call(Method::PUT, &path, &json!({"executor_id": name}))
                .await;
            let holder = self.executors[place].holder(&held);
            let accepted = self.beaten(&held.job, &holder);
            assert_eq!(
                status,
                if accepted { 200 } else { 404 },
                "{}: {body}",
                held.job
            );
            answers.push(accepted);
        }
        answers
    }

    async fn renew(&mut self, place: usize) -> Vec<bool> {
        let executor = &self.executors[place];
        let lease = |(run_id, token): (&String, i64)| HeldLease {
            run_id: run_id.clone(),
            token,
            seen: 0,
        };
        let jobs = executor.holds.iter().map(|held| (&held.job, held.token));
        let plugin_jobs = executor.plugin_jobs.iter();
        let plugin_jobs = plugin_jobs.map(|held| (&held.job, held.token));
        let renew = Renew {
            leases: jobs.chain(plugin_jobs).map(lease).collect(),
            wait_seconds: 0.0,
            ..Renew::default()
        };
        let (name, holds) = (executor.name(), executor.holds.clone());
        let renewed = self.client().renew(&name, &renew).await.expect("an answer");
        assert_eq!(renewed.leases.len(), renew.leases.len());
        let mut news = renewed.leases.into_iter();
        let mut answers = Vec::new();
        for (held, news) in holds.iter().zip(news.by_ref()) {
            let holder = self.executors[place].holder(held);
            let accepted = self.beaten(&held.job, &holder);
            assert_eq!(news.lost, !accepted, "{}", held.job);
            answers.push(accepted);
        }
        self.plugin_jobs_renewed(place, news);
        answers
    }

    /// Whether the ledger says that this beat is accepted.
    fn beaten(&mut self, job: &str, holder: &Holder) -> bool {
        let now = self.now();
        let entry = self.ledger.entry(job);
        let holds = entry.holds(holder);
        if holds {
            entry.extended(now);
        }
        self.tally.count(if holds {
            "a beat was accepted"
        } else {
            "a beat was refused"
        });
        holds
    }

    /// Reports arrive whose time has come, in any order.
    pub(super) async fn deliver(&mut self) {
        let now = self.now();
        let network = std::mem::take(&mut self.network);
        let (mut due, rest): (Vec<_>, Vec<_>) = network.into_iter().partition(|(at, _)| *at <= now);
        self.network = rest;
        while let Some(index) = self.chance.index(due.len()) {
            let (_, report) = due.swap_remove(index);
            self.arrive(report).await;
        }
    }

    /// Nothing is on its way any more.
    pub(super) async fn deliver_all(&mut self) {
        for (_, report) in std::mem::take(&mut self.network) {
            self.arrive(report).await;
        }
    }

    async fn arrive(&mut self, report: Report) {
        let accepted = if report.holder.token.is_some() {
            self.send_result(&report).await
        } else {
            self.send_finish(&report).await
        };
        let entry = self.ledger.entry(&report.job);
        let repeated = report
            .holder
            .token
            .is_some_and(|token| entry.last_finished_token.contains(&token))
            && !entry.gone;
        let holds = entry.holds(&report.holder);
        assert_eq!(
            accepted,
            repeated || holds,
            "{}: {:?}: {entry:?}",
            report.job,
            report.holder
        );
        if holds {
            entry.last_finished_token.insert(entry.token);
            entry.lease = None;
        }
        let by_name = report.holder.token.is_none();
        self.tally.count(match (accepted, repeated, by_name) {
            (true, true, _) => "a report was accepted again",
            (true, false, false) => "a report was accepted",
            (true, false, true) => "a report by name was accepted",
            (false, _, false) => "a late report was refused",
            (false, _, true) => "a report by name was refused",
        });
        let Report { job, holder, .. } = &report;
        self.note(|| format!("{holder:?} reported {}: {accepted}", short(job)));
        self.look(job).await;
        let entry = self.ledger.entry(job);
        if holds && !report.completed && entry.over.is_none() {
            self.tally.count("an attempt waits for its retry");
        }
    }

    async fn send_result(&self, report: &Report) -> bool {
        let outcome = match (report.completed, report.timed_out) {
            (true, _) => ResultOutcome::Completed,
            (false, true) => ResultOutcome::TimedOut,
            (false, false) => ResultOutcome::Failed,
        };
        let token = report.holder.token.expect("only the contract has none");
        let results = Exchange {
            results: vec![RunResult::new(&report.job, token, outcome)],
            claim: None,
        };
        let answer = self
            .client()
            .exchange(&report.holder.executor, &results)
            .await;
        answer.expect("an answer").results[0].accepted
    }

    async fn send_finish(&self, report: &Report) -> bool {
        let verb = if report.completed { "complete" } else { "fail" };
        let path = format!("/api/v1/jobs/{}/{verb}", report.job);
        let body = json!({"executor_id": report.holder.executor, "timed_out": report.timed_out});
        let (status, answer) = self.call(Method::PUT, &path, &body).await;
        assert!(matches!(status, 200 | 400 | 404), "{status}: {answer}");
        status == 200
    }

    /// It is killed: it forgets everything. It comes back by its old name or by a new one.
    pub(super) fn crash(&mut self, place: usize) {
        let renamed = self.chance.percent(70);
        let executor = &mut self.executors[place];
        executor.holds.clear();
        executor.plugin_jobs.clear();
        executor.stalled_until = 0;
        executor.generation += usize::from(renamed);
        let name = executor.name();
        self.note(|| format!("a crash; it is {name} now"));
        self.tally.count("an executor crashed");
    }

    /// It stands still, often for longer than its leases live, and then goes on as if nothing were.
    pub(super) fn stall(&mut self, place: usize) {
        let until = self.now() + self.chance.within(1_000, 120_000);
        self.executors[place].stalled_until = until;
        let name = self.executors[place].name();
        self.note(|| format!("{name} stalls"));
        self.tally.count("an executor stalled");
    }

    /// It is stopped as planned and releases what it has; or it cannot do the work.
    pub(super) async fn drain(&mut self, place: usize) {
        for held in std::mem::take(&mut self.executors[place].holds) {
            let holder = Holder {
                executor: self.executors[place].name(),
                token: Some(held.token),
            };
            let abandons = self.chance.percent(30);
            let why = abandons.then_some("its disk is full");
            let released = self
                .release(place, (held.job.as_str(), held.token), why)
                .await;
            let entry = self.ledger.entry(&held.job);
            assert_eq!(released, entry.holds(&holder), "{}", held.job);
            if released {
                entry.lease = None;
                self.tally.count(if abandons {
                    "an executor abandoned a job"
                } else {
                    "a drain gave a job back"
                });
            }
            self.look(&held.job).await;
        }
        for held in std::mem::take(&mut self.executors[place].plugin_jobs) {
            let released = self
                .release(place, (held.job.as_str(), held.token), None)
                .await;
            self.plugin_job_released(&held, released).await;
        }
    }

    /// Whether the server took the release.
    async fn release(&mut self, place: usize, run: (&str, i64), why: Option<&str>) -> bool {
        let (executor, (id, token)) = (self.executors[place].name(), run);
        let release = Release {
            executor: executor.clone(),
            token,
            error_message: why.map(str::to_owned),
            reason: None,
        };
        let released = self.client().release(id, &release).await.is_ok();
        self.note(|| format!("{executor} released {}: {released}", short(id)));
        released
    }

    /// Every executor is well again.
    pub(super) fn recover(&mut self) {
        for executor in &mut self.executors {
            executor.stalled_until = 0;
        }
    }

    /// Everybody works without fault: ends what it has, and takes more.
    pub(super) async fn work_all(&mut self) {
        for place in 0..self.executors.len() {
            for held in std::mem::take(&mut self.executors[place].holds) {
                let holder = self.executors[place].holder(&held);
                let report = Report {
                    job: held.job,
                    holder,
                    completed: true,
                    timed_out: false,
                };
                self.arrive(report).await;
            }
            self.claim(place, SLOTS).await;
        }
    }
}

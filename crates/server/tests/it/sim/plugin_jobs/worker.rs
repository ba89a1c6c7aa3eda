//! Executors perform plugin jobs: they report each turn before they go on, as ours do. They do not hear the
//! answer to a report and send it again; copies of reports come late.

use serde_json::json;
use wire::executors::{
    AdvanceRun, ClaimRuns, ClaimedRun, EndedPlugin, Exchange, LeaseNews, PartReport, ResultOutcome,
    RunResult, Stage,
};

use super::{
    super::world::{World, short},
    progress::{Progress, part},
};

const SLOTS: usize = 2;
/// Turns of each job that an executor takes before others do something.
const TURNS: usize = 3;
/// A plugin takes less.
const LONGEST_MS: i64 = 20_000;

/// A plugin that runs, since this note, until this time.
#[derive(Clone)]
struct Runs {
    plugin: String,
    began: u64,
    ends_at: i64,
}

/// A plugin job that an executor performs.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) job: String,
    pub(crate) token: i64,
    plugins: Vec<String>,
    progress: Progress,
    runs: Option<Runs>,
    /// A note that may or may not be on disk.
    unheard: Option<AdvanceRun>,
    stop: bool,
}

impl Held {
    fn of(run: ClaimedRun) -> Self {
        Self {
            plugins: plugins(&run),
            progress: Progress::of(&run),
            job: run.id,
            token: run.token,
            runs: None,
            unheard: None,
            stop: false,
        }
    }

    fn next(&self) -> Option<&String> {
        let ended = |name: &&String| self.progress.ended.iter().any(|one| one.name == **name);
        self.plugins.iter().find(|name| !ended(name))
    }
}

/// The plugins of a claimed run.
pub(super) fn plugins(run: &ClaimedRun) -> Vec<String> {
    let config: wire::plugin_jobs::Config =
        serde_json::from_str(run.input.get()).expect("a plugin job's config");
    config.plugins
}

impl World {
    /// An executor goes on with what it has, and takes more.
    pub(super) async fn work_on_plugins(&mut self) {
        let place = self.any_of_ours();
        if self.executors[place].is_stalled(self.now()) {
            return;
        }
        for _ in 0..TURNS {
            self.turn(place).await;
        }
        if self.executors[place].plugin_jobs.len() < SLOTS {
            self.claim_plugins(place).await;
        }
    }

    async fn claim_plugins(&mut self, place: usize) {
        self.register(place).await;
        let name = self.executors[place].name();
        let claim = ClaimRuns {
            kinds: vec!["plugin_job".to_owned()],
            ..ClaimRuns::default()
        };
        let claim = Exchange {
            claim: Some(claim),
            ..Exchange::default()
        };
        let runs = self
            .client()
            .exchange(&name, &claim)
            .await
            .expect("an answer")
            .runs;
        // An answer that is lost leaves leases that no executor knows of.
        let lost = !self.calm && self.chance.percent(5);
        for job in runs {
            let now = self.now();
            let entry = self.ledger.plugin_job(&job.id);
            entry.claimed(&job, now);
            let goes_on = !entry.ended().is_empty();
            self.note(|| format!("{name} claimed {} after {:?}", short(&job.id), job.parts));
            self.tally.count("a plugin job was claimed");
            if goes_on {
                self.tally
                    .count("a plugin job went on after its last plugin");
            }
            let id = job.id.clone();
            if !lost {
                self.executors[place].plugin_jobs.push(Held::of(job));
            }
            self.look_at_plugins(&id).await;
        }
    }

    async fn turn(&mut self, place: usize) {
        let name = self.executors[place].name();
        for held in std::mem::take(&mut self.executors[place].plugin_jobs) {
            let id = held.job.clone();
            if let Some(held) = self.next_turn(&name, held).await {
                self.executors[place].plugin_jobs.push(held);
            }
            self.look_at_plugins(&id).await;
        }
    }

    /// A turn of a job; none when it was reported, or is another's.
    async fn next_turn(&mut self, name: &str, mut held: Held) -> Option<Held> {
        if held.stop {
            return self.report(name, held).await;
        }
        let report = match held.unheard.take() {
            Some(report) => {
                self.tally.count("a note was repeated");
                report
            }
            None => match self.turn_of(name, &mut held) {
                Some(report) => report,
                None if held.runs.is_some() => return Some(held),
                None => return self.report(name, held).await,
            },
        };
        self.send(held, report).await
    }

    /// The report of what happens next; none while a plugin runs, and when all have ended.
    fn turn_of(&mut self, name: &str, held: &mut Held) -> Option<AdvanceRun> {
        let current = held.progress.current.clone();
        let (plugin, stage, tries, ended) = match held.runs.clone() {
            None => {
                let plugin = held.next()?.clone();
                let tried = current.filter(|(name, _)| *name == plugin);
                let tries = tried.map_or(1, |(_, tries)| tries);
                (plugin, Stage::Started, tries, None)
            }
            Some(runs) if runs.ends_at > self.now() && !self.calm => return None,
            Some(runs) => {
                let entry = self.ledger.plugin_job(&held.job);
                entry.ran(&held.job, &runs.plugin, runs.began);
                held.runs = None;
                let tries = current.map_or(1, |(_, tries)| tries);
                match self.end_of() {
                    Some(ended) => (runs.plugin, ended.stage(), tries, Some(ended)),
                    None => (runs.plugin, Stage::Started, tries + 1, None),
                }
            }
        };
        let mut state = held.progress.state.clone();
        state.storage.insert(plugin.clone(), json!(tries).into());
        let place = held.plugins.iter().position(|name| *name == plugin);
        let part = PartReport {
            number: i64::try_from(place? + 1).ok()?,
            name: plugin,
            path: String::new(),
            stage,
            tries,
            body: ended.map(|ended| wire::JsonText::of(&ended)),
            event: None,
            abandons: false,
        };
        Some(AdvanceRun {
            executor: name.to_owned(),
            token: held.token,
            parts: vec![part],
            state: (stage == Stage::Completed).then(|| wire::JsonText::of(&state)),
            acknowledged: 0,
        })
    }

    /// A plugin ends: mostly well, sometimes for good; without an end it is tried again.
    fn end_of(&mut self) -> Option<EndedPlugin> {
        let mut ended = EndedPlugin::default();
        match self.chance.within(0, 100) {
            0..75 => ended.metric = Some(json!({"n": self.chance.within(0, 1_000)}).into()),
            75..85 => ended.error = Some("it failed".to_owned()),
            _ => return None,
        }
        Some(ended)
    }

    /// A note sets out: it may not arrive, its answer may not, and a copy of it may arrive much later.
    async fn send(&mut self, mut held: Held, report: AdvanceRun) -> Option<Held> {
        if !self.calm && self.chance.percent(8) {
            held.unheard = Some(report);
            return Some(held);
        }
        let answered = self.deliver_note(&held.job, &report).await;
        if !self.calm && self.chance.percent(16) {
            let at = self.now() + self.chance.within(0, 60_000);
            self.late_notes.push((at, held.job.clone(), report.clone()));
        }
        let (began, stop) = answered?;
        if !self.calm && self.chance.percent(10) {
            held.unheard = Some(report);
            return Some(held);
        }
        held.stop = stop;
        let started = Some(part(&report)).filter(|part| part.stage == Stage::Started);
        held.runs = started.map(|part| Runs {
            plugin: part.name.clone(),
            began,
            ends_at: self.now() + self.chance.within(0, LONGEST_MS),
        });
        held.progress.apply(&report);
        Some(held)
    }

    /// A note arrives. Answers its number and whether the job is to be stopped; none when the server does
    /// not take it, which must be right.
    pub(super) async fn deliver_note(
        &mut self,
        job: &str,
        report: &AdvanceRun,
    ) -> Option<(u64, bool)> {
        let answer = self.client().advance(job, report).await;
        let entry = self.ledger.plugin_job(job);
        let holds = entry.holds(report.token);
        match answer {
            Ok(advanced) => {
                let cancelled = advanced.signals.cancel > 0;
                assert!(holds && entry.takes(report), "{job}: {report:?}: {entry:?}");
                assert_eq!(cancelled, entry.cancel_requested, "{job}");
                let number = entry.noted(job, report);
                if part(report).stage != Stage::Started {
                    self.tally.count("the end of a plugin was acknowledged");
                }
                self.note(|| format!("{job}: noted {:?}", report.parts));
                Some((number, cancelled))
            }
            Err(error) => {
                let status = error.status().map(|status| status.as_u16());
                let expected = if holds { 400 } else { 404 };
                assert_eq!(status, Some(expected), "{job}: {error}: {report:?}");
                assert!(
                    !holds || !entry.takes(report),
                    "{job}: {report:?}: {entry:?}"
                );
                self.tally.count(match holds {
                    true => "a late copy of a note was refused",
                    false => "a note of a worker that lost the job was refused",
                });
                None
            }
        }
    }

    /// Copies of notes arrive whose time has come.
    pub(super) async fn deliver_late_notes(&mut self) {
        let (now, calm) = (self.now(), self.calm);
        let notes = std::mem::take(&mut self.late_notes);
        let (due, rest): (Vec<_>, Vec<_>) =
            notes.into_iter().partition(|(at, ..)| calm || *at <= now);
        self.late_notes = rest;
        for (_, job, report) in due {
            if !self.ledger.plugin_job(&job).gone {
                self.deliver_note(&job, &report).await;
                self.look_at_plugins(&job).await;
            }
        }
    }

    /// All plugins have ended, or it was told to stop.
    async fn report(&mut self, name: &str, held: Held) -> Option<Held> {
        if !self.calm && self.chance.percent(5) {
            return Some(held);
        }
        let failed = held
            .progress
            .ended
            .iter()
            .any(|one| one.stage == Stage::Failed);
        let completed = !failed && !held.stop;
        let outcome = match completed {
            true => ResultOutcome::Completed,
            false => ResultOutcome::Failed,
        };
        let results = Exchange {
            results: vec![RunResult::new(&held.job, held.token, outcome)],
            claim: None,
        };
        let answer = self
            .client()
            .exchange(name, &results)
            .await
            .expect("an answer");
        let accepted = answer.results[0].accepted;
        let now = self.now();
        let entry = self.ledger.plugin_job(&held.job);
        let holds = entry.holds(held.token);
        let repeated = held.token == entry.last_finished_token && !entry.gone;
        assert_eq!(accepted, holds || repeated, "{}: {entry:?}", held.job);
        if holds {
            entry.finished(completed, now);
            self.tally.count(match completed {
                true => "a plugin job completed",
                false => "a plugin job ended otherwise",
            });
        }
        self.note(|| format!("{name} reported {}: {accepted}", short(&held.job)));
        if !self.calm && self.chance.percent(10) {
            return Some(held);
        }
        None
    }

    /// The answer to a renewal.
    pub(crate) fn plugin_jobs_renewed(
        &mut self,
        place: usize,
        mut news: impl Iterator<Item = LeaseNews>,
    ) {
        let now = self.now();
        for held in std::mem::take(&mut self.executors[place].plugin_jobs) {
            let news = news.next().expect("news of each lease");
            let entry = self.ledger.plugin_job(&held.job);
            let holds = entry.holds(held.token);
            assert_eq!(news.lost, !holds, "{}: {entry:?}", held.job);
            if holds {
                entry.extended(now);
                let stop = held.stop || news.signals.is_some_and(|signals| signals.cancel > 0);
                self.executors[place]
                    .plugin_jobs
                    .push(Held { stop, ..held });
            } else if self.chance.percent(20) {
                // It does not listen, and goes on.
                self.executors[place].plugin_jobs.push(held);
            }
        }
    }

    /// The executor released a plugin job, if it owned the lease.
    pub(crate) async fn plugin_job_released(&mut self, held: &Held, released: bool) {
        let now = self.now();
        let entry = self.ledger.plugin_job(&held.job);
        assert_eq!(released, entry.holds(held.token), "{}", held.job);
        if released {
            entry.released(now);
            self.tally.count("a drain gave a plugin job back");
        }
        self.look_at_plugins(&held.job).await;
    }

    /// Everybody works without fault.
    pub(super) async fn all_work_on_plugins(&mut self) {
        for place in self.ours() {
            // A start and an end of each plugin, tries that fail, and the report.
            for _ in 0..40 {
                self.turn(place).await;
            }
            self.claim_plugins(place).await;
        }
    }
}

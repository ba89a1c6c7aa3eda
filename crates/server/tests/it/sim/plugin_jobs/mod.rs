//! Plugin jobs in the simulated world: they are created, started and cancelled while executors come and
//! go, and no plugin whose end was acknowledged runs again.

mod ledger;
mod progress;
mod worker;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::{
    events::Event,
    executors::{PluginInfo, Registration},
    plugin_jobs::NewPluginJob,
};

pub(super) use ledger::{Entry, Loss};
pub(super) use worker::Held;

use super::world::{World, short};

/// The plugins that every executor of ours has.
const PLUGINS: [&str; 4] = ["a", "b", "c", "d"];

/// A week: no job's time is over here.
const TIMEOUT_MS: u64 = 7 * 86_400_000;

impl World {
    /// One step of those who have to do with plugin jobs, with faults.
    pub(super) async fn plugin_step(&mut self) {
        self.deliver_late_notes().await;
        let place = self.any_of_ours();
        match self.chance.within(0, 100) {
            0..15 => self.create_plugin_job().await,
            15..65 => self.work_on_plugins().await,
            65..76 => self.crash(place),
            76..83 => self.stall(place),
            83..86 => self.drain(place).await,
            86..90 => self.cancel_plugin_job().await,
            90..93 => self.start_again().await,
            _ => {}
        }
    }

    /// There are no faults any more.
    pub(super) async fn calm_plugin_step(&mut self) {
        self.deliver_late_notes().await;
        self.all_work_on_plugins().await;
    }

    /// Whether every plugin job has ended.
    pub(super) fn plugin_jobs_are_over(&self) -> bool {
        let mut entries = self.ledger.plugin_jobs.values();
        entries.all(|entry| entry.over.is_some())
    }

    /// Makes the server know an executor and its plugins.
    async fn register(&self, place: usize) {
        let plugin = |name: &&str| PluginInfo {
            name: (*name).to_owned(),
            version: "1".to_owned(),
            description: String::new(),
            order: 0,
            enabled: true,
            host: None,
            metrics: Vec::new(),
            input_schema: None,
            error: None,
        };
        let what = Registration {
            slots: 2,
            version: "1".to_owned(),
            isolation: "none".to_owned(),
            kinds: vec!["plugin_job".to_owned()],
            plugins: PLUGINS.iter().map(plugin).collect(),
            ..Registration::default()
        };
        let name = self.executors[place].name();
        self.client()
            .register(&name, &what)
            .await
            .expect("it registers");
    }

    async fn create_plugin_job(&mut self) {
        // An executor must be known to have the plugins.
        let place = self.any_of_ours();
        self.register(place).await;
        let count = usize::try_from(self.chance.within(1, 5)).expect("small");
        let first = self.chance.index(PLUGINS.len()).unwrap_or(0);
        let plugins = (0..count).map(|n| PLUGINS[(first + n) % PLUGINS.len()].to_owned());
        let plugins: Vec<String> = plugins.collect();
        let new = NewPluginJob {
            input: json!({"text": "to be or not to be"}).into(),
            timeout: Some(TIMEOUT_MS),
            plugins: Some(plugins.clone()),
            ..NewPluginJob::default()
        };
        let created = self.client().create_plugin_job(&new, None).await;
        let id = created.expect("it is created").id;
        let started = self.client().start_plugin_job(&id, 0).await;
        assert_eq!(started.expect("it is started").progress.status, "queued");
        let before = self
            .ledger
            .plugin_jobs
            .insert(id.clone(), Entry::new(plugins));
        assert!(before.is_none(), "an id was given twice");
        self.note(|| format!("created {}", short(&id)));
        self.look_at_plugins(&id).await;
    }

    fn any_plugin_job(&mut self) -> Option<String> {
        let there = self
            .ledger
            .plugin_jobs
            .iter()
            .filter(|(_, entry)| !entry.gone);
        let ids: Vec<String> = there.map(|(id, _)| id.clone()).collect();
        self.chance.index(ids.len()).map(|index| ids[index].clone())
    }

    /// From the second start on nothing changes.
    async fn start_again(&mut self) {
        let Some(id) = self.any_plugin_job() else {
            return;
        };
        let started = self.client().start_plugin_job(&id, 0).await;
        let job = started.expect("it is started");
        self.ledger.plugin_job(&id).check(&job);
    }

    async fn cancel_plugin_job(&mut self) {
        let Some(id) = self.any_plugin_job() else {
            return;
        };
        let answer = self.client().cancel_plugin_job(&id).await;
        let now = self.now();
        let entry = self.ledger.plugin_job(&id);
        match answer {
            Ok(_) => {
                assert!(entry.over.is_none(), "{id}: cancelled after its end");
                let running = entry.lease.is_some();
                entry.cancelled(now);
                self.tally.count(match running {
                    true => "a cancel reached a running plugin job",
                    false => "a plugin job was cancelled",
                });
            }
            Err(error) => {
                assert!(entry.over.is_some(), "{id}: {error}");
                assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
            }
        }
        self.note(|| format!("cancel {}", short(&id)));
        self.look_at_plugins(&id).await;
    }

    /// The reaper took the lease of a plugin job.
    pub(super) async fn plugin_job_lost(&mut self, id: &str) {
        let now = self.now();
        let loss = self.ledger.plugin_job(id).lost(now);
        self.note(|| format!("the lease of {} expired: {loss:?}", short(id)));
        self.tally.count(match loss {
            Loss::Free => "a lost executor did not count: a plugin had ended",
            Loss::Counted => "a lost executor of a plugin job counted",
            Loss::Cap => "a plugin job failed at its cap",
            Loss::Cancelled => "a plugin job that was to stop was lost",
        });
        self.look_at_plugins(id).await;
    }

    /// Looks at a plugin job: what the server says of it must follow from what it acknowledged.
    pub(super) async fn look_at_plugins(&mut self, id: &str) {
        let found = self.client().plugin_job(id).await;
        let entry = self.ledger.plugin_job(id);
        match found {
            Ok(job) => {
                assert!(!entry.gone, "{id} was deleted");
                entry.check(&job);
            }
            Err(error) => {
                let status = error.status().map(|status| status.as_u16());
                assert_eq!(status, Some(404), "{error}");
                assert!(entry.gone, "{id} was acknowledged and is lost");
            }
        }
    }

    /// What the log says of plugin jobs: no plugin begins after its end, or ends twice; each lease is in
    /// it; the last event is the end. `whole` says that nothing was removed from the log.
    pub(super) async fn audit_plugin_jobs(&mut self, events: &[Event], whole: bool) {
        let mut stories: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in events {
            let id = event.run_id.as_deref().expect("a job's");
            stories.entry(id).or_default().push(event);
        }
        for id in self.ledger.plugin_jobs.keys().cloned().collect::<Vec<_>>() {
            self.look_at_plugins(&id).await;
            let entry = self.ledger.plugin_job(&id);
            let (end, _) = entry.over.unwrap_or_else(|| panic!("{id} has not ended"));
            let Some(story) = stories.get(id.as_str()) else {
                assert!(entry.gone, "{id}: it is not in the log");
                continue;
            };
            let words: Vec<&str> = story.iter().map(|event| word(event)).collect();
            if words[0] != "submitted" {
                assert!(!whole, "{id} begins with {words:?}");
                continue;
            }
            assert_eq!(words.last(), Some(&end), "{id}: {words:?}");
            let starts = words.iter().filter(|word| **word == "started").count();
            assert_eq!(i64::try_from(starts), Ok(entry.token), "{id}: {words:?}");
            let mut ended: Vec<&str> = Vec::new();
            for event in story {
                let Some(plugin) = event.data.get("plugin").and_then(Value::as_str) else {
                    continue;
                };
                assert!(
                    !ended.contains(&plugin),
                    "{id}: `{plugin}` had ended: {words:?}"
                );
                if matches!(word(event), "plugin_completed" | "plugin_failed") {
                    ended.push(plugin);
                }
            }
            let known = entry.ended().iter().map(|one| one.name.as_str());
            assert_eq!(ended, known.collect::<Vec<_>>(), "{id}: {words:?}");
        }
    }
}

/// What the log says of one job, without `plugin_job.`.
fn word(event: &Event) -> &str {
    event.event_type.trim_start_matches("plugin_job.")
}

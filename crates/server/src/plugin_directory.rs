//! Which plugins there are: what executors registered that were heard of lately.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use store::Store;
use wire::{
    executors::{PluginInfo, Registration},
    plugin_jobs::Plugin,
};

use crate::refusal::Refusal;

/// Plugins of one job at most: their names are the name of its queue.
const JOB_LIMIT: usize = 32;
/// Names that a refusal lists at most.
const LISTED: usize = 100;

/// The plugins that executors have.
#[derive(Debug, Default)]
pub(crate) struct Known {
    plugins: BTreeMap<String, Plugin>,
    /// What each executor can run.
    sets: Vec<BTreeSet<String>>,
}

/// Whether an executor can run this plugin of its own. One that is disabled runs in jobs that name it.
pub(crate) fn is_usable(plugin: &PluginInfo) -> bool {
    plugin.error.is_none()
}

/// What executors registered, by name.
type Registered = Vec<(String, Vec<u8>)>;

/// What was known last, and from which registrations: they are large, change rarely, and are looked at
/// for every new job.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<(Registered, Arc<Known>)>);

impl Remembered {
    /// The plugins of executors that were heard of since then.
    pub(crate) async fn read(&self, store: &Store, since: i64) -> Result<Arc<Known>, store::Error> {
        let registered = store.read(move |read| store::executors::registrations(read, since));
        Ok(self.of(registered.await?))
    }

    fn of(&self, registered: Registered) -> Arc<Known> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != registered {
            let plugin_directory = Arc::new(Known::of(&registered));
            *last = (registered, plugin_directory);
        }
        Arc::clone(&last.1)
    }
}

impl Known {
    fn of(registered: &Registered) -> Self {
        let mut plugin_directory = Self::default();
        for (executor, registration) in registered {
            // What an older program registered may not be understood any more.
            if let Ok(registration) = serde_json::from_slice::<Registration>(registration) {
                plugin_directory.add(executor, registration.plugins);
            }
        }
        plugin_directory
    }

    fn add(&mut self, executor: &str, plugins: Vec<PluginInfo>) {
        let usable = plugins.iter().filter(|plugin| is_usable(plugin));
        self.sets
            .push(usable.map(|plugin| plugin.name.clone()).collect());
        for plugin in plugins {
            let usable = is_usable(&plugin);
            match self.plugins.get_mut(&plugin.name) {
                None => {
                    self.plugins
                        .insert(plugin.name.clone(), shown(plugin, executor));
                }
                Some(plugin_directory) => {
                    plugin_directory.executors.push(executor.to_owned());
                    // One that works is shown rather than one that does not.
                    if usable && plugin_directory.error.is_some() {
                        let executors = std::mem::take(&mut plugin_directory.executors);
                        *plugin_directory = Plugin {
                            executors,
                            ..shown(plugin, executor)
                        };
                    }
                }
            }
        }
    }

    /// All of them, in the order of jobs that name none.
    pub(crate) fn plugins(&self) -> Vec<Plugin> {
        let mut plugins: Vec<Plugin> = self.plugins.values().cloned().collect();
        // They stand by name already.
        plugins.sort_by_key(|plugin| plugin.order);
        plugins
    }

    /// The plugins of a job that names these, or none.
    pub(crate) fn choose(&self, named: Option<Vec<String>>) -> Result<Vec<String>, Refusal> {
        let chosen = match named {
            Some(named) => self.check(named)?,
            None => self.all()?,
        };
        if chosen.len() > JOB_LIMIT {
            let message = format!("plugins: a job has at most {JOB_LIMIT} plugins");
            return Err(Refusal::bad_request(message));
        }
        let has_all = |set: &BTreeSet<String>| chosen.iter().all(|name| set.contains(name));
        if !self.sets.iter().any(has_all) {
            return Err(Refusal::bad_request(
                "plugins: no executor has all of them; name some that one executor has",
            ));
        }
        Ok(chosen)
    }

    /// All that are enabled; where no executor has all of them, those of the one that has most: what is
    /// installed on one machine more must not stop the jobs that name none.
    fn all(&self) -> Result<Vec<String>, Refusal> {
        let mut enabled: Vec<&Plugin> = self.usable().filter(|plugin| plugin.enabled).collect();
        enabled.sort_by_key(|plugin| plugin.order);
        if enabled.is_empty() {
            return Err(Refusal::bad_request(
                "plugins: none is enabled; an executor with plugins must be running",
            ));
        }
        let has = |set: &BTreeSet<String>| {
            let had = enabled.iter().filter(|plugin| set.contains(&plugin.name));
            had.take(JOB_LIMIT)
                .map(|plugin| plugin.name.clone())
                .collect::<Vec<_>>()
        };
        // Of several that have as many the first by name.
        let sets = self.sets.iter().map(has).rev();
        Ok(sets.max_by_key(Vec::len).unwrap_or_default())
    }

    fn check(&self, named: Vec<String>) -> Result<Vec<String>, Refusal> {
        if named.is_empty() {
            return Err(Refusal::bad_request(
                "plugins must name at least one; left out, it stands for all",
            ));
        }
        let mut seen = BTreeSet::new();
        for name in &named {
            let quoted: String = name.chars().take(100).collect();
            if !seen.insert(name) {
                return Err(Refusal::bad_request(format!(
                    "plugins: `{quoted}` stands there twice"
                )));
            }
            match self.plugins.get(name) {
                None => {
                    let message = format!("plugins: unknown plugin `{quoted}`; {}", self.names());
                    return Err(Refusal::bad_request(message));
                }
                Some(Plugin {
                    error: Some(error), ..
                }) => {
                    let message = format!("plugins: `{quoted}` is broken: {error}");
                    return Err(Refusal::bad_request(message));
                }
                Some(_) => {}
            }
        }
        Ok(named)
    }

    fn usable(&self) -> impl Iterator<Item = &Plugin> {
        let plugins = self.plugins.values();
        plugins.filter(|plugin| plugin.error.is_none())
    }

    /// The known ones, for a refusal.
    fn names(&self) -> String {
        let names: Vec<&str> = self.usable().map(|plugin| &*plugin.name).collect();
        match names.len() {
            0 => "there are none: an executor with plugins must be running".to_owned(),
            count if count <= LISTED => format!("known are {}", names.join(", ")),
            count => format!(
                "known are {}, and {} more",
                names[..LISTED].join(", "),
                count - LISTED
            ),
        }
    }
}

fn shown(plugin: PluginInfo, executor: &str) -> Plugin {
    Plugin {
        name: plugin.name,
        version: plugin.version,
        description: plugin.description,
        order: plugin.order,
        enabled: plugin.enabled,
        host: plugin.host,
        metrics: plugin.metrics,
        input_schema: plugin.input_schema,
        error: plugin.error,
        executors: vec![executor.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn registered(executor: &str, plugins: &[&str]) -> (String, Vec<u8>) {
        let plugins: Vec<_> = plugins
            .iter()
            .map(|name| json!({"name": name, "enabled": true}))
            .collect();
        let body = json!({"slots": 1, "version": "1", "isolation": "none", "plugins": plugins});
        (executor.to_owned(), body.to_string().into_bytes())
    }

    #[test]
    fn a_job_that_names_none_gets_what_one_executor_has() {
        let plugin_directory = Known::of(&vec![
            registered("a", &["x", "only-a"]),
            registered("b", &["only-b", "x", "y"]),
            registered("c", &["x", "y", "z"]),
        ]);
        assert_eq!(
            plugin_directory.choose(None).expect("some"),
            ["only-b", "x", "y"]
        );
        let many: Vec<String> = (0..40).map(|number| format!("p{number:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let plugin_directory = Known::of(&vec![registered("a", &many)]);
        assert_eq!(
            plugin_directory.choose(None).expect("some").len(),
            JOB_LIMIT
        );
    }

    #[test]
    fn registrations_are_read_again_only_when_one_changed() {
        let remembered = Remembered::default();
        assert!(remembered.of(Vec::new()).plugins().is_empty());
        let one = || vec![registered("a", &["x", "y"])];
        let first = remembered.of(one());
        assert_eq!(first.plugins().len(), 2);
        assert!(Arc::ptr_eq(&first, &remembered.of(one())));
        for (changed, count) in [
            (vec![registered("a", &["x"])], 1),
            (vec![registered("a", &["x"]), registered("b", &["z"])], 2),
            (vec![registered("b", &["z"])], 1),
            (Vec::new(), 0),
        ] {
            assert_eq!(remembered.of(changed).plugins().len(), count);
        }
    }
}

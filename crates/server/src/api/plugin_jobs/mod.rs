//! The contract of plugin jobs, `/playground/jobs`, and what we add to it.

pub(crate) mod cancel;
mod check;
pub(crate) mod create;
pub(super) mod error;
mod event_data;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod list;
mod loaded;
pub(crate) mod plugin_directory;
pub(crate) mod plugins;
pub(crate) mod start;
mod view;

pub(crate) use event_data::tell;
pub(crate) use loaded::{Note, config};
pub(crate) use view::status;

/// The family of queues that plugin jobs wait in: one queue for each set of plugins.
pub(crate) const FAMILY: &str = "plugin_job";

/// The queue of jobs with these plugins.
fn queue(plugins: &[String]) -> String {
    let mut names: Vec<&str> = plugins.iter().map(String::as_str).collect();
    names.sort_unstable();
    format!("{FAMILY}:{}", names.join(","))
}

/// The plugins of a queue, by name: what stands behind its colon.
pub(crate) fn plugins_of(rest: &str) -> impl Iterator<Item = &str> {
    rest.split(',')
}

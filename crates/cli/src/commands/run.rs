//! From a parsed command line to the command.

use super::{
    audit, backup, completions, dev, doctor, events, executor, hook, job, key, overview, plugin,
    plugin_job, server,
};
use crate::{
    args::{Address, Command, Hook, Job, Plugin, PluginJob},
    exit::{Exit, Failure},
};

/// The log level of a command when nobody asks for another.
pub(crate) fn default_log(command: &Command) -> &'static str {
    match command {
        Command::Server(_) | Command::Executor(_) => "info",
        _ => "warn",
    }
}

/// Performs the command.
pub(crate) async fn run(command: Command) -> Result<Exit, Failure> {
    let server = address(&command).map(|address| address.server.clone());
    let result = match command {
        Command::Dev(dev) => dev::run(dev).await,
        Command::Server(server) => server::run(server).await,
        Command::Executor(executor) => executor::run(executor).await,
        Command::Job(job) => job::run(job).await,
        Command::PluginJob(job) => plugin_job::run(job).await,
        Command::Plugin(plugin) => plugin::run(plugin).await,
        Command::Events(events) => events::run(events).await,
        Command::Executors { address, format } => overview::executors(&address, format).await,
        Command::Stats { address, format } => overview::stats(&address, format).await,
        Command::Key(key) => key::run(key).await,
        Command::Hook(hook) => hook::run(hook).await,
        Command::Audit(audit) => audit::run(audit).await,
        Command::Doctor(doctor) => doctor::run(doctor).await,
        Command::Backup(backup) => backup::run(&backup),
        Command::Completions(completions) => completions::run(&completions),
    };
    result.map_err(|failure| match server {
        Some(server) if failure.exit == Exit::UNREACHABLE => failure.hint(format!(
            "Tried {server}. Start a server with `playhouse dev`, or name another one with \
             --server or PLAYHOUSE_SERVER."
        )),
        _ => failure,
    })
}

/// The server that a client command talks to.
fn address(command: &Command) -> Option<&Address> {
    match command {
        Command::Executor(executor) => Some(&executor.address),
        Command::Events(events) => Some(&events.address),
        Command::Executors { address, .. } | Command::Stats { address, .. } => Some(address),
        Command::Job(job) => Some(match job {
            Job::Submit(submit) => &submit.address,
            Job::Get(get) => &get.address,
            Job::List(list) => &list.address,
            Job::Logs(logs) => &logs.address,
            Job::Cancel(ids) | Job::Retry(ids) => &ids.address,
            Job::Wait(wait) => &wait.ids.address,
        }),
        Command::PluginJob(job) => Some(match job {
            PluginJob::Submit(submit) => &submit.address,
            PluginJob::Get(get) => &get.address,
            PluginJob::List(list) => &list.address,
            PluginJob::Cancel(ids) => &ids.address,
            PluginJob::Wait(wait) => &wait.ids.address,
        }),
        Command::Plugin(Plugin::List(list)) => Some(&list.address),
        Command::Hook(hook) => Some(match hook {
            Hook::Create(create) => &create.address,
            Hook::List { address, .. } => address,
            Hook::Change(change) => &change.address,
            Hook::Delete(delete) => &delete.address,
            Hook::Test(test) => &test.address,
            Hook::Deliveries(deliveries) => &deliveries.address,
        }),
        _ => None,
    }
}

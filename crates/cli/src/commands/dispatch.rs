//! From a parsed command line to the command.

use super::{
    approval, audit, backup, completions, credential, dev, doctor, events, executor, hook, job,
    key, overview, playbook, playground, playspec, plugin, plugin_job, run as runs, schedule,
    server, vault,
};
use crate::{
    args::{
        Address, ApprovalArgs, CredentialArgs, HookArgs, Job, PlaybookArgs, PlaygroundArgs,
        PlayspecArgs, PluginArgs, PluginJob, ProgramCommand, RetryRuns, RunArgs, ScheduleArgs,
        VaultArgs,
    },
    exit::{Exit, Failure},
};

/// The log level of a command unless another is set.
pub(crate) fn default_log(command: &ProgramCommand) -> &'static str {
    match command {
        ProgramCommand::Server(_) | ProgramCommand::Executor(_) => "info",
        _ => "warn",
    }
}

/// Performs the command.
pub(crate) async fn run(command: ProgramCommand) -> Result<Exit, Failure> {
    let server = match &command {
        ProgramCommand::Doctor(doctor) => Some(doctor.address().server),
        command => address(command).map(|address| address.server.clone()),
    };
    let result = match command {
        ProgramCommand::Dev(dev) => dev::run(dev).await,
        ProgramCommand::Server(server) => server::run(server).await,
        ProgramCommand::Executor(executor) => executor::run(executor).await,
        ProgramCommand::Job(job) => job::run(job).await,
        ProgramCommand::PluginJob(job) => plugin_job::run(job).await,
        ProgramCommand::Playbook(playbook) => playbook::run(playbook).await,
        ProgramCommand::Playground(command) => playground::run(command).await,
        ProgramCommand::Playspec(command) => playspec::run(command).await,
        ProgramCommand::Approval(approval) => approval::run(approval).await,
        ProgramCommand::Schedule(schedule) => schedule::run(schedule).await,
        ProgramCommand::Run(run) => runs::run(run).await,
        ProgramCommand::Plugin(plugin) => plugin::run(plugin).await,
        ProgramCommand::Events(events) => events::run(events).await,
        ProgramCommand::Executors(client) => overview::executors(&client).await,
        ProgramCommand::Stats(client) => overview::stats(&client).await,
        ProgramCommand::Key(key) => key::run(key).await,
        ProgramCommand::Hook(hook) => hook::run(hook).await,
        ProgramCommand::Credential(credential) => credential::run(credential).await,
        ProgramCommand::Vault(vault) => vault::run(vault).await,
        ProgramCommand::Audit(audit) => audit::run(audit).await,
        ProgramCommand::Doctor(doctor) => doctor::run(doctor).await,
        ProgramCommand::Backup(backup) => backup::run(&backup),
        ProgramCommand::Completions(completions) => completions::run(&completions),
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
fn address(command: &ProgramCommand) -> Option<&Address> {
    match command {
        ProgramCommand::Executor(executor) => Some(&executor.address),
        ProgramCommand::Events(events) => Some(&events.client.address),
        ProgramCommand::Executors(client) | ProgramCommand::Stats(client) => Some(&client.address),
        ProgramCommand::Job(job) => Some(match job {
            Job::Submit(submit) => &submit.address,
            Job::Get(get) => &get.client.address,
            Job::List(list) => &list.client.address,
            Job::Logs(logs) => &logs.address,
            Job::Cancel(ids) | Job::Retry(ids) => &ids.client.address,
            Job::Wait(wait) => &wait.ids.client.address,
        }),
        ProgramCommand::PluginJob(job) => Some(match job {
            PluginJob::Submit(submit) => &submit.address,
            PluginJob::Get(get) => &get.client.address,
            PluginJob::List(list) => &list.client.address,
            PluginJob::Cancel(ids) => &ids.client.address,
            PluginJob::Wait(wait) => &wait.ids.client.address,
        }),
        ProgramCommand::Playbook(playbook) => match playbook {
            PlaybookArgs::List { address, .. } => Some(address),
            PlaybookArgs::Show(show) => Some(&show.address),
            PlaybookArgs::Run(run) => Some(&run.address),
            PlaybookArgs::Put(put) => Some(&put.address),
            PlaybookArgs::Diff(diff) => Some(&diff.address),
            PlaybookArgs::Accept(accept) => Some(&accept.address),
            PlaybookArgs::Check(_) | PlaybookArgs::New(_) | PlaybookArgs::Record(_) => None,
        },
        ProgramCommand::Playground(command) => Some(address_of_playgrounds(command)),
        ProgramCommand::Playspec(command) => Some(address_of_playspecs(command)),
        ProgramCommand::Approval(approval) => Some(match approval {
            ApprovalArgs::List(list) => &list.client.address,
            ApprovalArgs::Show(one) => &one.client.address,
            ApprovalArgs::Approve(approve) => &approve.address,
            ApprovalArgs::Reject(reject) => &reject.address,
        }),
        ProgramCommand::Schedule(schedule) => Some(address_of_schedules(schedule)),
        ProgramCommand::Run(run) => Some(match run {
            RunArgs::List(list) => &list.address,
            RunArgs::Get(run) | RunArgs::Artifacts(run) => &run.client.address,
            RunArgs::Download(download) => &download.address,
            RunArgs::Watch(watch) => &watch.run.client.address,
            RunArgs::Pause(runs)
            | RunArgs::Resume(runs)
            | RunArgs::Skip(runs)
            | RunArgs::Cancel(runs)
            | RunArgs::Retry(RetryRuns { runs, .. }) => &runs.client.address,
        }),
        ProgramCommand::Plugin(PluginArgs::List(list)) => Some(&list.client.address),
        ProgramCommand::Credential(credential) => Some(match credential {
            CredentialArgs::List(client) => &client.address,
            CredentialArgs::Set(set) => &set.address,
            CredentialArgs::Delete(delete) => &delete.address,
            CredentialArgs::Uses(uses) => &uses.client.address,
        }),
        ProgramCommand::Vault(VaultArgs::Rotate(rotate)) => Some(&rotate.address),
        ProgramCommand::Hook(hook) => Some(match hook {
            HookArgs::Create(create) => &create.client.address,
            HookArgs::List(client) => &client.address,
            HookArgs::Change(change) => &change.client.address,
            HookArgs::Delete(delete) => &delete.address,
            HookArgs::Test(test) => &test.client.address,
            HookArgs::Deliveries(deliveries) => &deliveries.client.address,
        }),
        _ => None,
    }
}

fn address_of_schedules(schedule: &ScheduleArgs) -> &Address {
    match schedule {
        ScheduleArgs::List(client) => &client.address,
        ScheduleArgs::Create(create) => &create.client.address,
        ScheduleArgs::Show(one)
        | ScheduleArgs::Enable(one)
        | ScheduleArgs::Disable(one)
        | ScheduleArgs::Run(one) => &one.client.address,
        ScheduleArgs::Delete(delete) => &delete.address,
        ScheduleArgs::History(history) => &history.client.address,
    }
}

fn address_of_playgrounds(command: &PlaygroundArgs) -> &Address {
    match command {
        PlaygroundArgs::Up(up) => &up.client.address,
        PlaygroundArgs::Create(create) => &create.client.address,
        PlaygroundArgs::List(client) => &client.address,
        PlaygroundArgs::Status(one) | PlaygroundArgs::Stats(one) => &one.client.address,
        PlaygroundArgs::Open(open) => &open.address,
        PlaygroundArgs::Logs(logs) => &logs.address,
        PlaygroundArgs::Rollout(rollout) => &rollout.operate.client.address,
        PlaygroundArgs::Restart(operate)
        | PlaygroundArgs::Stop(operate)
        | PlaygroundArgs::Start(operate) => &operate.client.address,
        PlaygroundArgs::Rollback(rollback) => &rollback.client.address,
        PlaygroundArgs::Extend(extend) => &extend.client.address,
        PlaygroundArgs::Destroy(destroy) => &destroy.address,
        PlaygroundArgs::Env(environment) => &environment.client.address,
        PlaygroundArgs::Debug(debug) => &debug.client.address,
    }
}

fn address_of_playspecs(command: &PlayspecArgs) -> &Address {
    match command {
        PlayspecArgs::List(client) => &client.address,
        PlayspecArgs::Show(one) => &one.client.address,
        PlayspecArgs::Put(put) => &put.client.address,
        PlayspecArgs::Check(check) => &check.client.address,
        PlayspecArgs::Delete(delete) => &delete.address,
    }
}

//! What is measured. Each case that needs a server starts one of its own on an empty database.

mod browser;
mod bulk;
mod burn_down;
mod ceiling;
mod claim_cost;
mod events;
mod idle;
mod latency;
mod one_by_one;
mod parts;
mod playbooks;
mod playgrounds;
mod plugin_jobs;
mod plugins;
mod rest;
mod run_list;
mod steady;
mod store;

use anyhow::Result;
use clap::ValueEnum;

use crate::{report::Measure, server::Environment};

/// A case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Start to healthy, and memory of an idle server.
    Rest,
    /// Submit, claim and complete, three requests a job.
    OneByOne,
    /// 64 producers and one executor.
    Steady,
    /// 20,000 jobs that are there, one executor.
    BurnDown,
    /// From a submit's call to the start on an idle executor.
    Latency,
    /// Bulk submit.
    Bulk,
    /// A claim with a thousand, a hundred thousand and a million jobs pending; memory with these.
    ClaimCost,
    /// The same row changes from a bare SQLite loop.
    Ceiling,
    /// The store alone: claim, heartbeat and finish.
    Store,
    /// From a commit to 1, 100 and 1,000 readers of the event log.
    Events,
    /// Calls of plugins in the host, without a queue.
    Plugins,
    /// Plugin jobs end to end, with a real executor.
    PluginJobs,
    /// A page of a million runs.
    RunList,
    /// One part after another of one run.
    Parts,
    /// Executions of playbooks, with the executor inside of the server.
    Executions,
    /// A server with nothing to do and ten million ended parts.
    Idle,
    /// Lists of trivial steps by ansible-core and, on PostgreSQL, by DBOS for Python.
    Others,
    /// A flow of fifty actions in a browser by steps of a playbook, and by Playwright for Node.
    BrowserFlow,
    /// What viewers of a browser see how late, and what they cost its run.
    BrowserViewers,
    /// Twenty executions with a browser at once.
    BrowserMany,
    /// Create and rollout of a playground, and the same by the compose tool.
    Change,
    /// Requests through the router, through nginx, and without either.
    Router,
    /// The request that wakes a playground, and a bare start of its container.
    Wake,
    /// A hundred playgrounds that nobody uses.
    IdlePlaygrounds,
}

/// What cases are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// The job queue.
    Queue,
    /// The event log.
    Events,
    /// The plugin host.
    Plugins,
    /// Lists of runs of every kind.
    Runs,
    /// Parts of a run.
    Parts,
    /// Playbooks, and what others make of the same.
    Playbooks,
    /// Playgrounds and the router beside them.
    Playgrounds,
    /// Browsers of executions.
    Browser,
}

impl Case {
    /// In the order of the report.
    pub(crate) fn of(subject: Subject) -> impl Iterator<Item = Self> {
        let cases = Self::value_variants().iter().copied();
        cases.filter(move |case| case.subject() == subject)
    }

    fn subject(self) -> Subject {
        match self {
            Self::Events => Subject::Events,
            Self::Plugins | Self::PluginJobs => Subject::Plugins,
            Self::RunList => Subject::Runs,
            Self::Parts => Subject::Parts,
            Self::Executions | Self::Idle | Self::Others => Subject::Playbooks,
            Self::BrowserFlow | Self::BrowserViewers | Self::BrowserMany => Subject::Browser,
            Self::Change | Self::Router | Self::Wake | Self::IdlePlaygrounds => {
                Subject::Playgrounds
            }
            _ => Subject::Queue,
        }
    }

    /// How often it is measured when `wanted` runs are asked for.
    pub(crate) fn runs(self, wanted: usize) -> usize {
        // They measure several times on the many rows that it takes long to write.
        let large = [
            Self::ClaimCost,
            Self::RunList,
            Self::Idle,
            Self::IdlePlaygrounds,
        ];
        if large.contains(&self) { 1 } else { wanted }
    }

    /// One run.
    pub(crate) async fn measure(self, environment: &Environment) -> Result<Vec<Measure>> {
        match self {
            Self::Rest => rest::measure(environment).await,
            Self::OneByOne => one_by_one::measure(environment).await,
            Self::Steady => steady::measure(environment).await,
            Self::BurnDown => burn_down::measure(environment).await,
            Self::Latency => latency::measure(environment).await,
            Self::Bulk => bulk::measure(environment).await,
            Self::ClaimCost => claim_cost::measure(environment).await,
            Self::Ceiling => ceiling::measure(environment),
            Self::Store => store::measure(environment).await,
            Self::Idle => idle::measure(environment).await,
            Self::Events => events::measure(environment).await,
            Self::Plugins => plugins::measure(environment).await,
            Self::PluginJobs => plugin_jobs::measure(environment).await,
            Self::RunList => run_list::measure(environment).await,
            Self::Parts => parts::measure(environment).await,
            Self::Executions => playbooks::measure(environment).await,
            Self::Others => playbooks::measure_others(environment).await,
            Self::BrowserFlow => browser::measure_flow(environment).await,
            Self::BrowserViewers => browser::measure_viewers(environment).await,
            Self::BrowserMany => browser::measure_many(environment).await,
            Self::Change => playgrounds::measure_change(environment).await,
            Self::Router => playgrounds::measure_router(environment).await,
            Self::Wake => playgrounds::measure_wake(environment).await,
            Self::IdlePlaygrounds => playgrounds::measure_idle(environment).await,
        }
    }
}

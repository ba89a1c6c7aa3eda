//! The status of a playground: what its last operation came to, and what its services are.

use engine::Status;
use wire::executors::operations::{OperationAction, ServiceState};

#[cfg(test)]
mod tests;

/// The contract's words, and those that the `202` of a destroy needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaygroundStatus {
    Pending,
    InProgress,
    Running,
    Error,
    HasChanges,
    Completed,
    Stopping,
    Stopped,
    Destroying,
}

use PlaygroundStatus as P;

impl PlaygroundStatus {
    pub(crate) const ALL: [Self; 9] = [
        P::Pending,
        P::InProgress,
        P::Running,
        P::Error,
        P::HasChanges,
        P::Completed,
        P::Stopping,
        P::Stopped,
        P::Destroying,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            P::Pending => "pending",
            P::InProgress => "in_progress",
            P::Running => "running",
            P::Error => "error",
            P::HasChanges => "has_changes",
            P::Completed => "completed",
            P::Stopping => "stopping",
            P::Stopped => "stopped",
            P::Destroying => "destroying",
        }
    }
}

/// What the status follows from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusFacts<'a> {
    /// What the last operation does or did.
    pub(crate) action: OperationAction,
    /// Where its run stands.
    pub(crate) run: Status,
    pub(crate) job_mode: bool,
    /// Whether what is wanted was changed since something was applied.
    pub(crate) edited: bool,
    /// Whether it was to be destroyed, and was kept because of its checkouts.
    pub(crate) kept: bool,
    /// Whether they keep it still.
    pub(crate) dirty: bool,
    /// Whether it is a job of which is known what it came to.
    pub(crate) done: bool,
    /// Its services as they were seen last.
    pub(crate) services: &'a [ServiceState],
}

/// What executors say of a service that was stopped because nobody used it: the next request wakes it.
pub(crate) const ASLEEP: &str = "asleep";

/// The status, and what is wrong with a service if that is the reason.
pub(crate) fn status_of(facts: StatusFacts<'_>) -> (PlaygroundStatus, Option<String>) {
    use OperationAction as A;
    let plain = |status| (status, None);
    match (facts.run, facts.action) {
        (Status::Completed, A::Stop) => plain(P::Stopped),
        (Status::Completed, A::Complete) => plain(P::Completed),
        (Status::Completed, A::Destroy) if facts.kept => at_rest(&facts),
        // Its executor says that it is done and does not say that everything is gone.
        (Status::Completed, A::Destroy) => plain(P::Error),
        (Status::Completed, _) => at_rest(&facts),
        (Status::Failed | Status::Cancelled, _) => plain(P::Error),
        (_, A::Stop) => plain(P::Stopping),
        (_, A::Destroy) => plain(P::Destroying),
        // Its services have exited: for the reader it is not over until their results are there.
        (_, A::Complete) => plain(P::Running),
        (Status::Running, _) => plain(P::InProgress),
        (_, _) => plain(P::Pending),
    }
}

/// What was applied stands: as its services are.
fn at_rest(facts: &StatusFacts<'_>) -> (PlaygroundStatus, Option<String>) {
    let services = facts.services;
    if !facts.job_mode && !services.is_empty() {
        let goes_on = |service: &ServiceState| service.running || service.status == ASLEEP;
        if !services.iter().any(goes_on) {
            return (P::Stopped, None);
        }
        if let Some(wrong) = services.iter().find_map(wrong) {
            return (P::Error, Some(wrong));
        }
    }
    match (facts.done, facts.dirty || (facts.edited && !facts.done)) {
        (_, true) => (P::HasChanges, None),
        (true, false) => (P::Completed, None),
        (false, false) => (P::Running, None),
    }
}

/// What is wrong with a service. One that exited with 0 did its work.
fn wrong(service: &ServiceState) -> Option<String> {
    let name = &service.name;
    match (service.status.as_str(), service.exit_code) {
        ("exited" | "dead", Some(code)) if code != 0 => {
            Some(format!("service `{name}` exited with code {code}"))
        }
        ("dead", _) => Some(format!("service `{name}` is dead")),
        ("restarting", _) => Some(format!(
            "service `{name}` exits and is restarted, again and again"
        )),
        _ if service.health.as_deref() == Some("unhealthy") => {
            Some(format!("service `{name}` is unhealthy"))
        }
        _ => None,
    }
}

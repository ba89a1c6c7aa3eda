//! What each status of a playground follows from.

use engine::Status;
use wire::executors::operations::{OperationAction as A, ServiceState};

use super::{PlaygroundStatus as P, StatusFacts, status_of};

fn service(name: &str, status: &str, code: Option<i64>) -> ServiceState {
    ServiceState {
        name: name.to_owned(),
        status: status.to_owned(),
        running: status == "running",
        exit_code: code,
        ..ServiceState::default()
    }
}

fn facts(action: A, run: Status, services: &[ServiceState]) -> StatusFacts<'_> {
    StatusFacts {
        action,
        run,
        job_mode: false,
        edited: false,
        kept: false,
        dirty: false,
        done: false,
        services,
    }
}

/// Every action, wherever its run stands, with services that run.
#[test]
fn the_last_operation_decides() {
    let up = [service("web", "running", None)];
    let waits = [
        Status::Held,
        Status::Scheduled,
        Status::Queued,
        Status::Waiting,
    ];
    for action in A::ALL {
        let status = |run| status_of(facts(action, run, &up)).0;
        let (waiting, running, completed) = match action {
            // A command is never a last operation.
            A::Create | A::Rollout | A::HardRestart | A::Start | A::Rollback | A::Exec => {
                (P::Pending, P::InProgress, P::Running)
            }
            A::Stop => (P::Stopping, P::Stopping, P::Stopped),
            A::Complete => (P::Running, P::Running, P::Completed),
            A::Destroy => (P::Destroying, P::Destroying, P::Error),
        };
        for wait in waits {
            assert_eq!(status(wait), waiting, "{action:?} {wait}");
        }
        assert_eq!(status(Status::Running), running, "{action:?}");
        assert_eq!(status(Status::Completed), completed, "{action:?}");
        for failed in [Status::Failed, Status::Cancelled] {
            assert_eq!(status(failed), P::Error, "{action:?} {failed}");
        }
    }
}

#[test]
fn what_runs_is_as_its_services_are() {
    let web = |status, code| service("web", status, code);
    let unhealthy = ServiceState {
        health: Some("unhealthy".to_owned()),
        ..web("running", None)
    };
    let starting = ServiceState {
        health: Some("starting".to_owned()),
        ..web("running", None)
    };
    let db = service("db", "running", None);
    for (first, status, message) in [
        (web("running", None), P::Running, None),
        (starting, P::Running, None),
        (web("exited", Some(0)), P::Running, None),
        (
            web("exited", Some(137)),
            P::Error,
            Some("service `web` exited with code 137"),
        ),
        (web("dead", None), P::Error, Some("service `web` is dead")),
        (unhealthy, P::Error, Some("service `web` is unhealthy")),
        (
            web("restarting", Some(1)),
            P::Error,
            Some("service `web` exits and is restarted, again and again"),
        ),
    ] {
        let services = [first, db.clone()];
        let found = status_of(facts(A::Create, Status::Completed, &services));
        assert_eq!(found, (status, message.map(str::to_owned)), "{services:?}");
    }
    let down = [web("exited", Some(1)), service("db", "exited", Some(0))];
    let found = status_of(facts(A::Rollout, Status::Completed, &down)).0;
    assert_eq!(found, P::Stopped, "nothing of it runs");
    let unknown = status_of(facts(A::Create, Status::Completed, &[])).0;
    assert_eq!(unknown, P::Running, "nothing was seen yet");
}

#[test]
fn changes_and_jobs_have_words_of_their_own() {
    let up = [service("web", "running", None)];
    let at_rest = facts(A::Create, Status::Completed, &up);
    let edited = StatusFacts {
        edited: true,
        ..at_rest
    };
    assert_eq!(status_of(edited).0, P::HasChanges);
    let kept = StatusFacts {
        action: A::Destroy,
        kept: true,
        dirty: true,
        ..at_rest
    };
    assert_eq!(status_of(kept).0, P::HasChanges);
    let extended = StatusFacts {
        dirty: false,
        ..kept
    };
    assert_eq!(status_of(extended).0, P::Running);
    let exited = [service("job", "exited", Some(3))];
    let job = StatusFacts {
        job_mode: true,
        services: &exited,
        ..at_rest
    };
    assert_eq!(
        status_of(job).0,
        P::Running,
        "its results are not there yet"
    );
    let failed = StatusFacts {
        run: Status::Failed,
        edited: true,
        ..at_rest
    };
    assert_eq!(status_of(failed).0, P::Error);
}

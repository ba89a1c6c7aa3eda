//! `playground.wait`.

use std::time::Duration;

use engine::WaitFor;
use wire::executors::{PlaygroundOfStep, PlaygroundRequest};

use super::{asked, done, failed, named, output};
use crate::attempt::execution::call::{Done, StepCall, StepEnd};

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Running,
    Healthy,
    Completed,
}

/// How a playground stands, seen from what is waited for.
enum WaitProgress {
    There,
    NotYet,
    /// It does not become so by itself.
    Never(String),
}

pub(in super::super) async fn wait(call: &StepCall<'_>) -> Done {
    let parameters = &call.parameters;
    let word = parameters.optional_text("for");
    let word = word.unwrap_or_else(|| "healthy".to_owned());
    let awaited = match word.as_str() {
        "running" => Awaited::Running,
        "healthy" => Awaited::Healthy,
        "completed" => Awaited::Completed,
        _ => {
            let why = format!("parameter `for` is not running, healthy or completed: {word}");
            return Err(StepEnd::refused(why));
        }
    };
    let limit = parameters.seconds("timeout", 300.0)?.min(call.timeout);
    let request = PlaygroundRequest::Look {
        playground: named(call)?,
    };
    let mut news = call.news();
    loop {
        news.looks();
        let asked = asked(call, &request).await?;
        let Some(playground) = &asked.playground else {
            return Err(StepEnd::failed("the playground is gone"));
        };
        let of = format!("playground {} `{}`", playground.id, playground.name);
        match standing(awaited, playground) {
            WaitProgress::There => return done(output(Some(playground))),
            WaitProgress::Never(why) => {
                let message = format!("{of} does not become {word}: {why}");
                return Err(failed(message, output(Some(playground))));
            }
            WaitProgress::NotYet => {}
        }
        let left = limit.checked_sub(Duration::from_millis(asked.age_ms));
        let Some(left) = left.filter(|left| !left.is_zero()) else {
            let missing = missing(awaited, playground);
            let message = format!(
                "{of} was not {word} within {} seconds: {missing}",
                limit.as_secs_f64()
            );
            return Err(failed(message, output(Some(playground))));
        };
        news.wait(WaitFor::Playground, Some(left)).await;
    }
}

fn standing(awaited: Awaited, playground: &PlaygroundOfStep) -> WaitProgress {
    let why = |otherwise: &str| {
        let error = playground.error.clone();
        WaitProgress::Never(error.unwrap_or_else(|| otherwise.to_owned()))
    };
    if awaited == Awaited::Completed && !playground.job_mode {
        return WaitProgress::Never("it is not in job mode".to_owned());
    }
    match (playground.status.as_str(), awaited) {
        ("running" | "has_changes", Awaited::Running) => WaitProgress::There,
        ("running" | "has_changes", Awaited::Healthy) if is_healthy(playground) => {
            WaitProgress::There
        }
        ("completed", Awaited::Completed) => match &playground.job {
            Some(job) if job.success => WaitProgress::There,
            Some(job) => {
                let failed = job
                    .service_results
                    .iter()
                    .find(|(_, code)| **code != Some(0));
                WaitProgress::Never(failed.map_or_else(
                    || "no service was watched".to_owned(),
                    |(name, code)| match code {
                        Some(code) => format!("service `{name}` exited with code {code}"),
                        None => format!("service `{name}` did not run"),
                    },
                ))
            }
            None => why("what it came to is unknown"),
        },
        ("completed", _) => why("it has completed"),
        ("stopped" | "stopping", _) => why("it is stopped"),
        ("destroying", _) => why("it is being destroyed"),
        // A service may recover; an operation that failed does not.
        ("error", _) if playground.operation_failed => why("its last operation failed"),
        _ => WaitProgress::NotYet,
    }
}

fn is_healthy(playground: &PlaygroundOfStep) -> bool {
    !playground.services.is_empty() && unhealthy(playground).next().is_none()
}

/// The services that are not healthy. One that exited with 0 did its work.
fn unhealthy(playground: &PlaygroundOfStep) -> impl Iterator<Item = String> {
    playground.services.iter().filter_map(|service| {
        let health = service.health.as_deref();
        let done = !service.running && service.exit_code == Some(0);
        let well = done || (service.running && matches!(health, None | Some("healthy")));
        let word = health.unwrap_or(&service.status);
        (!well).then(|| format!("service `{}` is {word}", service.name))
    })
}

fn missing(awaited: Awaited, playground: &PlaygroundOfStep) -> String {
    if let Some(error) = &playground.error {
        return error.clone();
    }
    let unhealthy: Vec<String> = unhealthy(playground).collect();
    match awaited == Awaited::Healthy && !unhealthy.is_empty() {
        true => unhealthy.join(", "),
        false => format!("it is {}", playground.status),
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use serde_json::json;

    use super::*;

    fn word(awaited: Awaited, playground: serde_json::Value) -> &'static str {
        let playground = serde_json::from_value(playground).expect("a playground");
        match standing(awaited, &playground) {
            WaitProgress::There => "there",
            WaitProgress::NotYet => "not yet",
            WaitProgress::Never(_) => "never",
        }
    }

    #[test]
    fn a_wait_ends_when_it_is_over_and_not_before() {
        let service = |status: &str, health: Option<&str>, code: Option<i64>| {
            let running = status == "running";
            json!({"name": "a", "status": status, "health": health, "running": running, "exit_code": code})
        };
        let with = |status: &str, services: &[serde_json::Value]| json!({"status": status, "services": services});
        let healthy = service("running", Some("healthy"), None);
        let starting = service("running", Some("starting"), None);
        let plain = service("running", None, None);
        let done = service("exited", None, Some(0));
        let broken = service("exited", None, Some(1));
        for (awaited, playground, expected) in [
            (
                Awaited::Running,
                with("running", slice::from_ref(&starting)),
                "there",
            ),
            (
                Awaited::Healthy,
                with("running", slice::from_ref(&starting)),
                "not yet",
            ),
            (
                Awaited::Healthy,
                with("running", &[healthy.clone(), plain, done]),
                "there",
            ),
            (Awaited::Healthy, with("running", &[]), "not yet"),
            (
                Awaited::Healthy,
                with("running", &[healthy, broken]),
                "not yet",
            ),
            (Awaited::Healthy, with("in_progress", &[]), "not yet"),
            (Awaited::Running, with("error", &[]), "not yet"),
            (
                Awaited::Running,
                json!({"status": "error", "operation_failed": true}),
                "never",
            ),
            (Awaited::Running, with("destroying", &[]), "never"),
            (Awaited::Completed, with("running", &[]), "never"),
            (
                Awaited::Completed,
                json!({"status": "running", "job_mode": true}),
                "not yet",
            ),
            (
                Awaited::Completed,
                json!({"status": "completed", "job_mode": true, "job": {"success": true}}),
                "there",
            ),
            (
                Awaited::Completed,
                json!({"status": "completed", "job_mode": true,
                    "job": {"success": false, "service_results": {"a": 3}}}),
                "never",
            ),
        ] {
            assert_eq!(word(awaited, playground.clone()), expected, "{playground}");
        }
    }
}

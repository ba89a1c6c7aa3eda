//! The step types that this executor performs, a file for each.

mod approval;
pub(super) mod artifact;
mod assert;
mod browser;
mod child;
mod fat;
mod gate;
mod gateway;
mod http;
mod job;
mod log;
mod playgrounds;
mod plugins;
mod python;
mod shell;
mod sleep;
mod template;
mod variable;

use std::{collections::BTreeMap, time::Duration};

use playbook::{Step, step_type};
use serde_json::{Map, Value};

use super::{
    call::{Done, Parameters, StepCall, StepEnd},
    clock,
};
pub(super) use assert::check;
pub(super) use browser::is_of_browser;
pub(super) use gateway::Sessions;
pub(super) use http::client::Clients;

/// The time that the execution's starter gave to such steps, where a step has none of its own.
pub(super) fn overridden(
    kind: &str,
    own: &Map<String, Value>,
    overrides: &BTreeMap<String, f64>,
) -> Option<f64> {
    let name = match kind {
        "gateway.restart" | "gateway.wait_for_ready" => "gateway_restart",
        "gateway.wait_for_module_installation" => "module_install",
        kind if is_of_browser(kind) => "browser_operation",
        _ => return None,
    };
    let given = overrides.get(name).copied();
    given.filter(|_| !own.contains_key("timeout"))
}

/// What a step type's own time leaves for the rest of a try, so that its own error is the one that is seen.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a playground may take until it runs, where its step has no time of its own.
const PROVISIONING: Duration = Duration::from_secs(3_600);

/// How long a try may take. A step that has no `timeout` of its own may take as long as its type waits.
pub(super) fn limit(step: &Step, parameters: &Parameters) -> Duration {
    let limit = clock::seconds(step.timeout_s);
    let Some(known) = step_type(&step.kind).filter(|_| !step.timeout_given) else {
        return limit;
    };
    let limit = match step.kind.as_str() {
        // It clones, builds, pulls, and waits for health.
        "playground.create" | "playground.rollout" => limit.max(PROVISIONING),
        _ => limit,
    };
    let own = ["timeout", "request_timeout"]
        .into_iter()
        .filter_map(|name| {
            let parameter = known.parameter(name)?;
            let number = parameters.number(name).ok()??;
            let is_ms = parameter.unit == Some("ms");
            Some(clock::seconds(if is_ms { number / 1000.0 } else { number }))
        });
    own.fold(limit, |limit, own| limit.max(own + MARGIN))
}

/// Whether a step reads variables by itself.
pub(super) fn reads_variables(kind: &str) -> bool {
    matches!(kind, "utility.get_variable" | "utility.python")
}

/// Whether steps of this type ask people or start runs, which must not outlive them.
pub(super) fn has_children(kind: &str) -> bool {
    matches!(kind, "approval" | "gate" | "job.run" | "plugins.run")
        || kind.starts_with("playground.")
}

/// Performs one try of a step.
pub(super) async fn perform(call: &StepCall<'_>) -> Done {
    match call.kind.as_str() {
        // Their processes are waited for, also when they are to end.
        "utility.shell" => shell::run(call).await,
        "utility.python" => python::run(call).await,
        "utility.sleep" => call.stoppable(sleep::sleep(call)).await,
        "approval" => call.stoppable(approval::approval(call)).await,
        "gate" => call.stoppable(gate::gate(call)).await,
        "job.run" => call.stoppable(job::run(call)).await,
        "plugins.run" => call.stoppable(plugins::run(call)).await,
        "playground.create" => call.stoppable(playgrounds::create(call)).await,
        "playground.wait" => call.stoppable(playgrounds::wait(call)).await,
        "playground.rollout" => call.stoppable(playgrounds::rollout(call)).await,
        "playground.destroy" => call.stoppable(playgrounds::destroy(call)).await,
        "playground.exec" => call.stoppable(playgrounds::exec(call)).await,
        "utility.log" => call.within(log::log(call)).await,
        "utility.set_variable" => variable::set(call),
        "utility.get_variable" => variable::get(call),
        "utility.assert" => assert::checked(call),
        "utility.template" => call.within(template::keep(call)).await,
        "http.request" => call.within(http::request(call)).await,
        "perspective.extract_component_metadata" => browser::enrich(call),
        kind if is_of_browser(kind) => browser::perform(call).await,
        kind if kind.starts_with("fat.") => call.within(fat::perform(call)).await,
        kind if kind.starts_with("gateway.") => call.within(gateway::perform(call)).await,
        kind => Err(StepEnd::refused(refusal(kind))),
    }
}

/// Why a step is not performed.
fn refusal(kind: &str) -> String {
    match step_type(kind).and_then(|known| known.note) {
        Some(note) => format!("{kind}: {note}"),
        None => format!("this executor does not perform steps of type {kind} yet"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limit_of(kind: &str, timeout: Option<f64>, parameters: &Value) -> Duration {
        let step = Step {
            kind: kind.to_owned(),
            timeout_s: timeout.unwrap_or(300.0),
            timeout_given: timeout.is_some(),
            ..step()
        };
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        limit(&step, &Parameters(parameters))
    }

    fn step() -> Step {
        let text = "name: T\nversion: '1'\nsteps:\n- {id: a, name: A, type: utility.log}\n";
        let loaded = playbook::parse(text).expect("a playbook");
        Step::clone(&loaded.playbook.steps[0])
    }

    #[test]
    fn a_step_may_take_as_long_as_its_type_waits_unless_it_says_so_itself() {
        let seconds = Duration::from_secs;
        for (kind, own, parameters, expected) in [
            ("gateway.wait_for_ready", None, json!({"timeout": 900}), 930),
            ("gateway.wait_for_ready", None, json!({"timeout": 120}), 300),
            (
                "gateway.wait_for_ready",
                Some(20.0),
                json!({"timeout": 900}),
                20,
            ),
            ("browser.wait", None, json!({"timeout": 900_000}), 930),
            ("http.request", None, json!({"request_timeout": "600"}), 630),
            ("utility.shell", None, json!({"timeout": 900}), 300),
            ("unknown.type", None, json!({"timeout": 900}), 300),
        ] {
            assert_eq!(
                limit_of(kind, own, &parameters),
                seconds(expected),
                "{kind}"
            );
        }
        let huge = limit_of("gateway.restart", None, &json!({"timeout": 1e300}));
        assert!(huge <= clock::FOREVER + MARGIN);
    }
}

//! The step types that this executor performs, a file for each.

mod approval;
mod artifact;
mod assert;
mod child;
mod gate;
mod gateway;
mod http;
mod job;
mod log;
mod plugins;
mod python;
mod shell;
mod sleep;
mod template;
mod variable;

use std::collections::BTreeMap;

use playbook::step_type;
use serde_json::{Map, Value};

use super::call::{Done, StepCall, StepEnd};
pub(super) use assert::check;
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
        _ => return None,
    };
    let given = overrides.get(name).copied();
    given.filter(|_| !own.contains_key("timeout"))
}

/// Whether a step reads variables by itself.
pub(super) fn reads_variables(kind: &str) -> bool {
    matches!(kind, "utility.get_variable" | "utility.python")
}

/// Whether steps of this type ask people or start runs, which must not outlive them.
pub(super) fn has_children(kind: &str) -> bool {
    matches!(kind, "approval" | "gate" | "job.run" | "plugins.run")
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
        "utility.log" => call.within(log::log(call)).await,
        "utility.set_variable" => variable::set(call),
        "utility.get_variable" => variable::get(call),
        "utility.assert" => assert::checked(call),
        "utility.template" => call.within(template::keep(call)).await,
        "http.request" => call.within(http::request(call)).await,
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

//! From the evidence to the diagnosis.

use super::{Diagnosis, FailureCategory, FailureEvidence, ServiceState};

/// Says what a failed deploy means. A deploy that did not fail has no meaning here: it is `unknown`.
#[must_use]
pub fn diagnose(evidence: &FailureEvidence) -> Diagnosis {
    let mut lines = evidence
        .output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    // The last line that says something is nearest to the end of the tool.
    let said = lines
        .clone()
        .rev()
        .find_map(|line| Some((FailureCategory::of_line(line)?, line)));
    let state = failed_state(&evidence.services);
    let (category, line) = match (said, state) {
        (Some((FailureCategory::Timeout, _)) | None, Some(state)) => (of_state(state), None),
        (Some((category, line)), _) => (category, Some(line)),
        (None, None) if evidence.timed_out => (FailureCategory::Timeout, None),
        (None, None) => (FailureCategory::Unknown, lines.next_back()),
    };
    let named = line.and_then(|line| said_of(line, category, evidence));
    let about_a_service = matches!(
        category,
        FailureCategory::DependencyUnhealthy | FailureCategory::ServiceExit
    );
    let failed = named.or_else(|| state.filter(|_| about_a_service));
    let mut next_actions: Vec<String> = Vec::new();
    if let Some(state) = failed.filter(|state| state.oom_killed) {
        next_actions.push(format!(
            "give service `{}` more memory: it needed more than its limit",
            state.name
        ));
    }
    next_actions.extend(
        category
            .next_actions()
            .iter()
            .map(|&action| action.to_owned()),
    );
    Diagnosis {
        category,
        failed_service: failed.map(|state| state.name.clone()),
        failed_condition: failed.and_then(condition).or_else(|| wanted(category)),
        dependency_hint: line.and_then(dependency_hint),
        message: line.map_or_else(|| described(category, failed), str::to_owned),
        next_actions,
    }
}

/// The service whose state explains the failure: one that ended badly before one that is only unhealthy.
fn failed_state(services: &[ServiceState]) -> Option<&ServiceState> {
    let ended =
        |state: &&ServiceState| !state.running && state.exit_code.is_some_and(|code| code != 0);
    let unhealthy = |state: &&ServiceState| state.health.as_deref() == Some("unhealthy");
    let killed = services.iter().find(|state| state.oom_killed);
    killed
        .or_else(|| services.iter().find(ended))
        .or_else(|| services.iter().find(unhealthy))
}

fn of_state(state: &ServiceState) -> FailureCategory {
    if state.running && !state.oom_killed {
        FailureCategory::DependencyUnhealthy
    } else {
        FailureCategory::ServiceExit
    }
}

/// The service that the line is about. The tool says it again at its end, without the container, and of an image that
/// it cannot pull in other words, after the service's name.
fn said_of<'a>(
    line: &str,
    category: FailureCategory,
    evidence: &'a FailureEvidence,
) -> Option<&'a ServiceState> {
    let lines = || evidence.output.lines().map(str::trim);
    let begins = |other: &str| {
        let mut services = evidence.services.iter();
        services.find(|state| other.split(' ').next() == Some(&state.name))
    };
    let again = || lines().filter(|other| other.contains(line));
    let alike = || lines().filter(|other| FailureCategory::of_line(other) == Some(category));
    named_service(line, &evidence.services)
        .or_else(|| again().find_map(|other| named_service(other, &evidence.services)))
        .or_else(|| alike().find_map(begins))
}

/// The service that a line names: in quotes, or in the name of its container (`project-service-1`). Of several that
/// could be meant, the one with the longest name.
fn named_service<'a>(line: &str, services: &'a [ServiceState]) -> Option<&'a ServiceState> {
    let named = services.iter().filter(|state| {
        let name = &state.name;
        let quoted = ['"', '\'', '`']
            .iter()
            .any(|quote| line.contains(&format!("{quote}{name}{quote}")));
        let key = line.contains(&format!("services.{name}."));
        let container = line.split([' ', '"', '/']).any(|word| {
            let word = word.trim_end_matches([':', ',', '.']);
            word.rsplit_once('-').is_some_and(|(rest, number)| {
                !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_digit())
                    && rest.ends_with(&format!("-{name}"))
            })
        });
        quoted || key || container
    });
    named.max_by_key(|state| state.name.len())
}

/// What the service was when it should have been something else.
fn condition(state: &ServiceState) -> Option<String> {
    if state.oom_killed {
        return Some("ended by the engine: out of memory".to_owned());
    }
    match (state.running, state.exit_code, state.health.as_deref()) {
        (false, Some(code), _) => Some(format!("exited with code {code}")),
        (_, _, Some("unhealthy")) => Some("unhealthy".to_owned()),
        _ => None,
    }
}

fn wanted(category: FailureCategory) -> Option<String> {
    (category == FailureCategory::DependencyUnhealthy).then(|| "unhealthy".to_owned())
}

fn dependency_hint(line: &str) -> Option<String> {
    let waits = line.contains("dependency failed to start")
        || line.contains("didn't complete successfully");
    waits.then(|| "services with `depends_on` waited for it and were not started".to_owned())
}

fn described(category: FailureCategory, failed: Option<&ServiceState>) -> String {
    let what = match category {
        FailureCategory::Timeout => "the time for the deploy was over",
        FailureCategory::DependencyUnhealthy => "it did not become healthy",
        FailureCategory::ServiceExit => "it ended",
        _ => "the deploy failed, and nothing says why",
    };
    match failed {
        Some(state) => {
            let how = condition(state).map_or_else(String::new, |how| format!(" ({how})"));
            format!("service `{}`: {what}{how}", state.name)
        }
        None => what.to_owned(),
    }
}

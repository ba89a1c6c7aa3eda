//! Playbooks as bodies.

use playbook::{Loaded, ParameterKind, Playbook, Problem};
use store::revisions::MarksRow;
use wire::{
    Timestamp,
    playbooks::{PlaybookDetails, PlaybookParameter, PlaybookProblem, PlaybookSummary},
};

use crate::{app::App, executions, library::Found, refusal::Refusal};

/// A row of the list.
pub(super) fn summary(found: &Found, loaded: &Loaded, marks: &MarksRow) -> PlaybookSummary {
    let Playbook {
        name,
        version,
        description,
        domain,
        group,
        verified,
        parameters,
        ..
    } = &loaded.playbook;
    let parameters: Vec<_> = parameters.iter().map(parameter).collect();
    let steps = executions::steps(&loaded.playbook);
    PlaybookSummary {
        name: name.clone(),
        path: found.path.as_str().to_owned(),
        domain: domain.clone(),
        description: description.clone(),
        version: version.clone(),
        group: group.clone(),
        verified: marks.verified_at.is_some()
            || (marks.unverified_at.is_none() && verified.unwrap_or(false)),
        verified_at: marks.verified_at.map(Timestamp),
        enabled: marks.disabled_at.is_none(),
        parameter_count: parameters.len(),
        step_count: steps.len(),
        parameters,
        steps,
        revision: found.revision.clone(),
        last_modified: Some(Timestamp(found.modified_ms)),
    }
}

pub(super) async fn details(
    app: &App,
    found: &Found,
    loaded: &Loaded,
) -> Result<PlaybookDetails, Refusal> {
    let path = found.path.as_str().to_owned();
    let marks = app
        .store
        .read(move |read| store::revisions::marks_of(read, &path))
        .await?;
    Ok(PlaybookDetails {
        summary: summary(found, loaded, &marks),
        metadata: loaded.playbook.metadata.clone().into(),
        warnings: loaded
            .problems()
            .iter()
            .map(|one| problem(None, one))
            .collect(),
    })
}

fn parameter(parameter: &playbook::Parameter) -> PlaybookParameter {
    PlaybookParameter {
        name: parameter.name.clone(),
        kind: parameter.kind.as_str().to_owned(),
        required: parameter.required,
        default: parameter
            .default
            .clone()
            .filter(|_| parameter.kind != ParameterKind::Secret),
        description: parameter.description.clone(),
    }
}

pub(super) fn problem(path: Option<&str>, problem: &Problem) -> PlaybookProblem {
    PlaybookProblem {
        path: path.map(str::to_owned),
        message: problem.message.clone(),
        line: problem.line,
        column: problem.column,
    }
}

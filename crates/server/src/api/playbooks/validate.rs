//! Texts of playbooks are checked, and the language is described.

use playbook::{Problem, Severity};
use serde_json::Value;
use wire::playbooks::{ValidatePlaybook, Validated};

use super::view;
use crate::{
    http::{body::offload, extract::Json},
    refusal::Refusal,
};

/// Checks the text of a playbook. Nothing is kept.
#[utoipa::path(post, path = "/api/playbooks/validate", tag = "playbooks",
    request_body = ValidatePlaybook,
    responses((status = 200, description = "What is wrong with it", body = Validated),
        (status = 400, description = "The body is not one")))]
pub(crate) async fn validate(
    Json(request): Json<ValidatePlaybook>,
) -> Result<axum::Json<Validated>, Refusal> {
    let text = request.content;
    let checked = offload(text.len(), move || playbook::problems(&text));
    let (errors, warnings): (Vec<_>, Vec<_>) = checked
        .await
        .into_iter()
        .partition(|problem| problem.severity == Severity::Error);
    let problems = |found: Vec<Problem>| found.iter().map(|one| view::problem(None, one)).collect();
    Ok(axum::Json(Validated {
        valid: errors.is_empty(),
        errors: problems(errors),
        warnings: problems(warnings),
    }))
}

/// The JSON Schema of playbooks, for editors: every key and every step type with its parameters.
#[utoipa::path(get, path = "/api/playbooks/schema", tag = "playbooks",
    responses((status = 200, description = "A JSON Schema", body = Object)))]
pub(crate) async fn schema() -> axum::Json<Value> {
    axum::Json(playbook::schema())
}

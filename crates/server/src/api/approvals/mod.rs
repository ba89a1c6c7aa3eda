//! What steps of executions ask people: `/api/approvals`.

pub(crate) mod answer;
pub(crate) mod find;

use engine::RunId;

use crate::refusal::Refusal;

fn unknown(id: RunId) -> Refusal {
    Refusal::not_found("no such approval").about("approval_id", id.to_string())
}

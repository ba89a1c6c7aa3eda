//! Why a run does not do what an operator asks.

use engine::Status;

use crate::kinds::Control;

/// Says it of a run of this kind, without an article.
pub(crate) fn cannot(noun: &str, control: Control, status: Status) -> String {
    let status = match status {
        Status::Completed | Status::Failed => format!("has {status}"),
        Status::Cancelled => "was cancelled".to_owned(),
        status => format!("is {status}"),
    };
    format!("{noun} {status}, so it cannot be {}", control.participle())
}

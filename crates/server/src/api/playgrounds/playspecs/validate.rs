//! Compose files are checked.

use axum::extract::State;
use wire::{
    executors::Question,
    playgrounds::{CheckedCompose, ComposeText},
};

use crate::{
    app::App,
    http::extract::Json,
    playgrounds::{Directory, FieldErrors, RoomBody, checked_compose, room_of},
    questions,
    refusal::Refusal,
};

/// Checks a Compose file: with the compose tool and the policy of a playroom when an executor reaches it, and by a
/// first look otherwise, which a warning says then.
#[utoipa::path(post, path = "/api/playspecs/validate_compose", tag = "playspecs",
    request_body = ComposeText,
    responses((status = 200, description = "What was found", body = CheckedCompose),
        (status = 400, description = "The body is malformed"),
        (status = 422, description = "There is no such playroom")))]
pub(crate) async fn validate(
    State(app): State<App>,
    Json(text): Json<ComposeText>,
) -> Result<axum::Json<CheckedCompose>, Refusal> {
    let first = checked_compose(&text.compose_yaml);
    let mut errors = FieldErrors::default();
    let room = room_of(&app, text.playroom_id.as_ref(), &mut errors).await?;
    errors.refuse()?;
    let Some(room) = room.filter(|_| first.valid) else {
        return Ok(axum::Json(first));
    };
    let directory = Directory::read(&app).await?;
    let Some(executor) = directory.executor(&room.key) else {
        return Ok(axum::Json(unsure(
            first,
            "no executor reaches the playroom",
        )));
    };
    let question = Question::CheckCompose {
        playroom: room.key.clone(),
        policy: RoomBody::of(&room)?.policy,
        yaml: text.compose_yaml,
    };
    match questions::ask_for::<CheckedCompose>(&app, executor, &question).await {
        Ok(mut checked) => {
            checked.warnings.extend(first.warnings);
            checked.warnings.dedup();
            Ok(axum::Json(checked))
        }
        Err(why) => Ok(axum::Json(unsure(first, &why.message))),
    }
}

/// Without the compose tool it is not known for sure.
fn unsure(mut checked: CheckedCompose, why: &str) -> CheckedCompose {
    let message =
        format!("only a first look was taken, without the compose tool and the policy: {why}");
    checked.warnings.push(message);
    checked
}

//! Tickets for WebSockets, which browsers cannot give headers.

use axum::{Extension, extract::State, http::StatusCode};
use wire::{Timestamp, keys};

use crate::{
    access::{Principal, Purpose, Ticket},
    app::App,
    refusal::Refusal,
};

/// Makes a ticket that opens one WebSocket within 30 seconds, as the caller who asks for it.
#[utoipa::path(post, path = "/api/tickets", tag = "keys",
    responses((status = 201, description = "Good for one use", body = keys::Ticket)))]
pub(crate) async fn issue(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Result<(StatusCode, axum::Json<keys::Ticket>), Refusal> {
    // It opens what the key may read anyway and leaves no line in the audit, which it could fill.
    let subject = principal.key().map_or("", |key| key.id.as_str());
    let (purpose, now) = (Purpose::Connect, app.now_ms());
    let ticket = Ticket::issue(&app.store, purpose, subject, now).await?;
    let answer = keys::Ticket {
        ticket: ticket.secret.reveal(),
        expires_at: Timestamp(ticket.expires_at),
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

//! Rows as they are shown.

use store::hooks::{DeliveryRow, Hook};
use wire::{Timestamp, hooks};

pub(super) fn hook(hook: &Hook, now: i64) -> hooks::Hook {
    hooks::Hook {
        id: hook.id.clone(),
        url: hook.url.clone(),
        events: hook.events.clone(),
        description: hook.description.clone(),
        enabled: hook.disabled.is_none(),
        created_at: Timestamp(hook.created_at),
        disabled_at: hook.disabled.as_ref().map(|(at, _)| Timestamp(*at)),
        disabled_reason: hook.disabled.as_ref().map(|(_, reason)| reason.clone()),
        failures: hook.failures,
        failing_since: hook.failing_since.map(Timestamp),
        waits_until: (hook.paused_until > now).then_some(Timestamp(hook.paused_until)),
    }
}

pub(super) fn delivery(hook: &str, row: DeliveryRow) -> hooks::Delivery {
    hooks::Delivery {
        id: row.number,
        webhook_id: crate::hooks::webhook_id(hook, row.number),
        event: row.event,
        run_id: row.run_id.map(|run| run.to_string()),
        seq: row.seq,
        status: row.status,
        attempts: row.attempts,
        created_at: Timestamp(row.created_at),
        next_attempt_at: row.due_at.map(Timestamp),
        ended_at: row.ended_at.map(Timestamp),
        response_status: row.response_status,
        response: row
            .response
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        error: row.error,
    }
}

//! How long playgrounds live.

use playground::lifetime::{Lifetime, LifetimeDefaults, RequestedExpiry};
use store::playgrounds::PlaygroundRow;
use wire::playgrounds::PlaygroundLife;

use super::FieldErrors;

/// Eight hours, in job mode one.
pub(crate) const LIFETIMES: LifetimeDefaults = LifetimeDefaults {
    standard_ms: 8 * 3_600_000,
    job_ms: 3_600_000,
    warning_ms: 900_000,
};

/// The life of a playground.
pub(crate) fn of(row: &PlaygroundRow) -> Lifetime {
    Lifetime {
        started_at: row.life_from,
        expires_at: row.expires_at,
    }
}

/// What a request says of the end of a playground's time.
pub(crate) fn requested(
    life: &PlaygroundLife,
    now: i64,
    errors: &mut FieldErrors,
) -> RequestedExpiry {
    match (life.never_expire, life.expires_at) {
        (Some(true), Some(_)) => {
            errors.add("expires_at", "cannot be given together with never_expire");
            RequestedExpiry::Never
        }
        (Some(true), None) => RequestedExpiry::Never,
        (_, Some(at)) if at.0 <= now => {
            errors.add("expires_at", "must be in the future");
            RequestedExpiry::Default
        }
        (_, Some(at)) => RequestedExpiry::At(at.0),
        (_, None) => RequestedExpiry::Default,
    }
}

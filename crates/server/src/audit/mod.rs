//! What the audit is told of requests: the acts that handlers hand to the store with the change, and
//! how often who was refused.

mod context;
mod middleware;
mod refusals;
pub(crate) mod view;

pub(crate) use context::AuditContext;
pub(crate) use middleware::{Seen, audited};
pub(crate) use refusals::Refusals;

/// What a route does, as `noun.verb`, when it is written down; `None` for what only looks, and for
/// what performing a run brings with it, which the run's attempts and events have.
pub(crate) type Action = Option<&'static str>;

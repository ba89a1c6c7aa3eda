//! What our executors say beyond the contracts, for runs of every kind. Nothing else speaks to them.

pub(crate) mod answers;
pub(crate) mod approvals;
pub(crate) mod artifacts;
pub(crate) mod baselines;
pub(crate) mod browser_states;
pub(crate) mod children;
mod claimed;
pub(crate) mod credentials;
pub(crate) mod doctor;
pub(crate) mod exchange;
pub(crate) mod frame;
pub(crate) mod gates;
pub(crate) mod leases;
pub(crate) mod operations;
pub(crate) mod output;
pub(crate) mod parts;
pub(crate) mod playgrounds;
pub(crate) mod register;
mod registration;
pub(crate) mod release;

use engine::Holder;

use crate::{access::ExecutorIdentity, http::check, refusal::Refusal};

/// The owner of a lease as the request names it.
fn holder(identity: &ExecutorIdentity, executor: &str, token: i64) -> Result<Holder, Refusal> {
    check::name("executor", executor)?;
    Ok(identity.holder(executor, Some(token)))
}

/// What the store refused. A run whose lease the caller does not own counts as not found.
fn refuse(error: store::Error) -> Refusal {
    Refusal::from(error).or_not_owned()
}

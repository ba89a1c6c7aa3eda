//! Who may do what: keys, roles, scopes, and the gate in front of every route.

mod authentication;
mod bucket;
mod cache;
mod caller;
mod credentials;
mod executor_identity;
mod failed_auth;
mod held;
mod issue;
mod issue_error;
mod join;
mod key;
mod operator_token;
mod principal;
mod rate;
mod refused;
mod role;
mod scope;
mod secret;
mod tickets;

pub(crate) use authentication::scope_checked;
#[cfg(test)]
pub(crate) use cache::FRESH;
pub(crate) use cache::Keys;
pub(crate) use caller::Caller;
pub(crate) use executor_identity::ExecutorIdentity;
pub(crate) use failed_auth::FailedAuthLimiter;
pub(crate) use held::WhileHeld;
pub(crate) use issue::{info, issue, revoke};
pub use issue_error::IssueError;
pub(crate) use join::join_token;
pub(crate) use operator_token::OperatorToken;
pub use operator_token::operator_token;
pub use principal::Principal;
pub(crate) use scope::Scope;
pub(crate) use tickets::{Purpose, Ticket};

//! Who may do what: keys, roles, scopes, and the gate in front of every route.

mod cache;
mod caller;
mod gate;
mod guesses;
mod held;
mod issue;
mod join;
mod key;
mod operator;
mod performer;
mod principal;
mod rate;
mod refused;
mod role;
mod scope;
mod secret;
mod shown;
mod tickets;

#[cfg(test)]
pub(crate) use cache::FRESH;
pub(crate) use cache::Keys;
pub(crate) use caller::Caller;
pub(crate) use gate::guarded;
pub(crate) use guesses::Guesses;
pub(crate) use held::WhileHeld;
pub use issue::IssueError;
pub(crate) use issue::{info, issue, revoke};
pub(crate) use join::join_token;
pub use operator::Operator;
pub(crate) use performer::Performer;
pub use principal::Principal;
pub(crate) use refused::challenge;
pub(crate) use scope::Scope;
pub(crate) use tickets::{Purpose, Ticket};

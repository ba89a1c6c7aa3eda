//! Who may do what: keys, roles, scopes, and the gate in front of every route.

mod cache;
mod gate;
mod held;
mod issue;
mod key;
mod principal;
mod role;
mod scope;
mod secret;
mod shown;
mod tickets;

pub(crate) use cache::Keys;
pub(crate) use gate::guarded;
pub(crate) use issue::{Caller, IssueError, info, issue, revoke};
pub use principal::Principal;
pub(crate) use scope::Scope;
pub(crate) use tickets::{Purpose, Ticket};

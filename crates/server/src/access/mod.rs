//! Who may do what: keys, roles, scopes, and the gate in front of every route.

mod cache;
mod gate;
mod held;
mod issue;
mod key;
mod operator;
mod performer;
mod principal;
mod role;
mod scope;
mod secret;
mod shown;
mod tickets;

pub(crate) use cache::Keys;
pub(crate) use gate::guarded;
pub use issue::IssueError;
pub(crate) use issue::{Caller, info, issue, revoke};
pub use operator::Operator;
pub(crate) use performer::Performer;
pub use principal::Principal;
pub(crate) use scope::Scope;
pub(crate) use tickets::{Purpose, Ticket};

//! Credentials: what the vault keeps, without what is secret of it.

pub(crate) mod change;
pub(crate) mod list;
pub(crate) mod uses;

use crate::refusal::Refusal;

pub(super) fn missing(name: &str) -> Refusal {
    let shown: String = name.chars().take(100).collect();
    Refusal::not_found(format!("Credential '{shown}' not found"))
        .coded("credential_not_found")
        .about("name", shown)
}

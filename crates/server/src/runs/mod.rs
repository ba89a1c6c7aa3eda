//! What several contracts do alike with runs: submit, claim, finish and list them, act on one, read
//! output.

mod browser;
pub(crate) mod claim;
pub(crate) mod command;
mod find;
pub(crate) mod finish;
mod follow;
pub(crate) mod labels;
pub(crate) mod output;
pub(crate) mod paging;
mod part;
mod refused;
pub(crate) mod submit;

pub(crate) use browser::steer_browser;
pub(crate) use find::{find, found};
pub(crate) use part::part;
pub(crate) use refused::cannot;

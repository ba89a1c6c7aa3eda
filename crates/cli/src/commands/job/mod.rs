//! `job …`: one file per verb or two.

mod act;
mod follow;
mod logs;
mod outcome;
mod run;
mod show;
mod submit;
mod upload;
mod wait;

pub(super) use follow::{Follower, Show};
pub(super) use outcome::Outcome;
pub(super) use run::run;

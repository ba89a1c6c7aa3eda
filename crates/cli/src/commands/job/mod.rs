//! `job …`: one file per verb or two.

mod follow;
mod logs;
mod outcome;
mod run;
mod show;
mod submit;
mod upload;

pub(super) use follow::{Follower, Show};
pub(super) use run::run;

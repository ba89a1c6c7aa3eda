//! `job …`: one file per verb or two.

mod logs;
mod outcome;
mod run;
mod show;
mod submit;
mod upload;

use std::time::Duration;

use wire::{client::Client, jobs::Job};

use super::{
    connection::hold_on,
    run::{Follower, Show},
};
use crate::exit::Failure;

pub(super) use run::run;

/// The job once it has ended; shows its output until then.
pub(super) async fn ended(
    client: &Client,
    id: &str,
    show: Show,
    timeout: Duration,
) -> Result<Job, Failure> {
    let mut follower = Follower::new(client, id, show, timeout);
    follower.reach_end().await?;
    hold_on(timeout, || client.job(id)).await
}

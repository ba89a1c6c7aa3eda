//! Playgrounds with the real server, executor, Docker engine and router.

mod bench;
mod create;
mod jobs;
mod kills;
mod rollout;
mod sources;
mod steps;

pub(crate) use bench::TestPlaygrounds;

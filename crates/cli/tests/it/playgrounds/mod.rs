//! Playgrounds with the real server, executor, Docker engine and router.

mod bench;
mod create;
mod https;
mod jobs;
mod kills;
mod rollout;
mod sleep;
mod sources;

pub(crate) use bench::TestPlaygrounds;

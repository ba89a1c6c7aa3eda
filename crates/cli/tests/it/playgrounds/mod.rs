//! Playgrounds with the real server, executor, Docker engine and router.

mod bench;
mod create;
mod rollout;

pub(crate) use bench::TestPlaygrounds;

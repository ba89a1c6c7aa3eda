//! Playgrounds with the real server, executor, Docker engine and router.

mod away;
mod bench;
mod corpus;
mod create;
mod failures;
mod foreign;
mod hostile;
mod https;
mod jobs;
mod kills;
mod load;
mod races;
mod rollout;
mod sleep;
mod sources;
mod specs;
mod steps;

pub(crate) use bench::TestPlaygrounds;

//! Playgrounds with the real server, executor, Docker engine and router.

mod away;
mod bench;
mod commands;
mod corpus;
mod create;
mod failures;
mod foreign;
mod hostile;
mod hosts;
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
mod templates;
mod vendor;

pub(crate) use bench::TestPlaygrounds;

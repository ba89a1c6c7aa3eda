//! Operations on playgrounds: what is done with the Docker host of a playroom.

mod builds;
mod change;
mod clones;
mod compose;
mod context;
mod create;
mod destroy;
mod environment;
mod error;
mod files;
mod generate;
mod images;
mod included;
mod job;
mod lifecycle;
mod perform;
mod phases;
mod prepare;
mod print;
mod readiness;
mod registry;
mod rollout;
mod routes;
mod secrets;
mod services;
mod sources;

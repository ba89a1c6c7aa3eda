//! Operations on playgrounds: what is done with the Docker host of a playroom.

mod compose;
mod create;
mod destroy;
mod environment;
mod error;
mod generate;
mod images;
mod lifecycle;
mod operation;
mod perform;
mod phases;
mod prepare;
mod print;
mod readiness;
mod routes;
mod secrets;
mod services;

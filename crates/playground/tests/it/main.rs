//! Tests of the crate through its public interface.

mod compose;
mod emit;
mod environment;
mod failures;
mod first_look;
mod generated;
mod labels;
mod lifetime;
mod plan;
mod policy;
mod policy_text;
mod project;
mod routes;
mod template;
mod variables;

//! Executions of playbooks: each step in its order, its start and its end on the server's disk before the
//! next one begins.

mod bounds;
mod bundle;
mod call;
mod clock;
mod documents;
mod earlier;
mod flow;
mod looking;
mod operator;
mod perform;
mod process;
mod report;
mod run_log;
mod secrets;
mod steps;
mod titles;
mod waits;

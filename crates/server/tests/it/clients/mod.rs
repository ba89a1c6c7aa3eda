//! What clients of all languages send, and what they are told when something is wrong with it.

mod bodies;
mod forms;
mod headers;
mod pages;
mod queries;
mod words;

//! Control flow: which step is next, what the journal says, how an execution goes on.

mod cancel;
mod flow;
mod nested;
mod random;
mod restart;
mod runner;
mod scope;
mod speed;

//! Control flow: which step is next, what the journal says, how an execution goes on.

mod cancel;
mod counts;
mod flow;
mod nested;
mod random;
mod restart;
mod runner;
mod scope;
mod speed;

/// A task of the executor holds it while it waits.
const _: fn() = || {
    fn goes_to_another_thread<T: Send + Sync>() {}
    goes_to_another_thread::<playbook::Progress>();
};

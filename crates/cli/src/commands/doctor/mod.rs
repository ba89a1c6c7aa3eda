//! `doctor`: looks at this machine, or at that of an executor, and says what to do about what is missing.

mod check;
mod database;
mod disk;
mod remote;
mod run;

pub(super) use run::run;

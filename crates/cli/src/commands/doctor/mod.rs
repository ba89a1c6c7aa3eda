//! `doctor`: looks at this machine and says what to do about what is missing.

mod check;
mod database;
mod disk;
mod run;

pub(super) use run::run;

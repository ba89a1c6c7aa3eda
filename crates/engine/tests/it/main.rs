//! The rules of runs: the table of every state and command, and random sequences of commands.

mod cancel;
mod extremes;
mod names;
mod sample;
mod sequences;
mod table;

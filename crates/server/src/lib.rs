//! Turns requests into commands and rows into bodies; runs the background loops.

mod settings;

pub use settings::Settings;

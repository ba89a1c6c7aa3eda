//! The engines that compile and run components: one, and another for those with a bound on fuel,
//! because counting it costs each instruction something.

use std::sync::OnceLock;

use wasmtime::{Config, Engine};

/// The engine with or without fuel.
///
/// # Errors
/// When this machine cannot run compiled components.
pub(super) fn get(fuel: bool) -> Result<&'static Engine, String> {
    static PLAIN: OnceLock<Result<Engine, String>> = OnceLock::new();
    static FUELED: OnceLock<Result<Engine, String>> = OnceLock::new();
    let engine = if fuel { &FUELED } else { &PLAIN };
    let made = engine.get_or_init(|| make(fuel).map_err(|error| format!("{error:#}")));
    made.as_ref().map_err(Clone::clone)
}

fn make(fuel: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .consume_fuel(fuel);
    Engine::new(&config)
}

//! WASM plugins: components of the world in `wit/plugin.wit`, a fresh instance for each call.

mod call;
mod compiled;
mod engine;
mod output;
mod state;

use std::{fmt, path::Path, sync::Arc};

use tokio_util::sync::CancellationToken;
use wasmtime::{Engine, component::Component as Compiled, component::Linker};

use crate::{failure::Cause, limits::Limits, logs::Logs, plugin::Answered, protocol::Call};
use state::State;

/// The world of `wit/plugin.wit`, from the host's side.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "plugin",
        exports: { default: async },
    });
}

/// A component that is compiled and linked.
pub(crate) struct Component {
    pre: bindings::PluginPre<State>,
    network: Arc<[String]>,
    /// Whether its engine counts fuel.
    fueled: bool,
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

impl Component {
    /// Compiles a component, or takes what an earlier process compiled into the directory `compiled`,
    /// and links it to what plugins may use. Compiling
    /// takes 0.2 seconds for a component in Rust, and more than ten for one that brings a JavaScript or
    /// Python interpreter.
    ///
    /// # Errors
    /// Why it is no plugin.
    pub(crate) fn load(
        file: &Path,
        network: &[String],
        fuel: bool,
        compiled: Option<&Path>,
    ) -> Result<Self, String> {
        let engine = engine::get(fuel)?;
        let bytes = std::fs::read(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let component = compiled::load(engine, &bytes, compiled)?;
        let pre = link(engine, &component, !network.is_empty());
        Ok(Self {
            pre: pre.map_err(|error| format!("is no plugin: {error:#}"))?,
            network: network.into(),
            fueled: fuel,
        })
    }

    /// Makes one call, on a thread of its own.
    pub(crate) async fn call(
        &self,
        call: &Call<'_>,
        limits: &Limits,
        cancel: &CancellationToken,
        logs: &mut Logs,
    ) -> Result<Answered, Cause> {
        call::perform(self, call, limits, cancel, logs).await
    }
}

fn link(
    engine: &Engine,
    component: &Compiled,
    network: bool,
) -> wasmtime::Result<bindings::PluginPre<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    if network {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    bindings::playhouse::plugin::host::add_to_linker::<_, wasmtime::component::HasSelf<State>>(
        &mut linker,
        |state| state,
    )?;
    bindings::PluginPre::new(linker.instantiate_pre(component)?)
}

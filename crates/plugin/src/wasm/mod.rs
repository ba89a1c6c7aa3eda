//! WASM plugins: components of the world in `wit/plugin.wit`, a fresh instance for each call.

mod call;
mod compiled;
mod engine;
mod output;
mod state;
mod stop;

use std::{fmt, path::Path, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use wasmtime::{Engine, component::Component as Compiled, component::Linker};

use crate::{answered::Answered, failure::Cause, limits::Limits, logs::Logs, protocol::Call};
pub(crate) use compiled::sweep;
use state::HostState;

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
    pre: bindings::PluginPre<HostState>,
    /// The same for a place in the pool, if it fits into one.
    pooled: Option<Pooled>,
    network: Arc<[String]>,
    /// Whether its engine counts fuel.
    fueled: bool,
    /// The names of its code in the directory of what is compiled.
    files: Vec<String>,
}

struct Pooled {
    pre: bindings::PluginPre<HostState>,
    slots: Arc<Semaphore>,
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
        let engines = engine::get(fuel)?;
        let bytes = std::fs::read(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let component = compiled::load(&engines.plain, &bytes, compiled)?;
        let reaches_out = !network.is_empty();
        let pre = link(&engines.plain, &component, reaches_out);
        let pooled = engines.pool.as_ref().and_then(|pool| {
            let component = compiled::also(&pool.engine, &component, &bytes, compiled)?;
            Some(Pooled {
                pre: link(&pool.engine, &component, reaches_out).ok()?,
                slots: Arc::clone(&pool.slots),
            })
        });
        let pool = engines.pool.as_ref().map(|pool| &pool.engine);
        let engines = [Some(&engines.plain), pool].into_iter().flatten();
        Ok(Self {
            files: engines.map(|one| compiled::file(one, &bytes)).collect(),
            pre: pre.map_err(|error| format!("is no plugin: {error:#}"))?,
            pooled,
            network: network.into(),
            fueled: fuel,
        })
    }

    /// The names of its code in the directory of what is compiled.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// What an instance is made from: in the pool while there is a place, for as long as the permit is
    /// kept, and otherwise beside it.
    fn place(&self) -> (bindings::PluginPre<HostState>, Option<OwnedSemaphorePermit>) {
        if let Some(pooled) = &self.pooled
            && let Ok(permit) = Arc::clone(&pooled.slots).try_acquire_owned()
        {
            return (pooled.pre.clone(), Some(permit));
        }
        (self.pre.clone(), None)
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
) -> wasmtime::Result<bindings::PluginPre<HostState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    if network {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    bindings::playhouse::plugin::host::add_to_linker::<_, wasmtime::component::HasSelf<HostState>>(
        &mut linker,
        |state| state,
    )?;
    bindings::PluginPre::new(linker.instantiate_pre(component)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = include_str!("../../../../xtask/bench/src/cases/least.wat");

    fn loaded(text: &str, fuel: bool, compiled: Option<&Path>) -> Component {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("entry");
        std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
        Component::load(&file, &[], fuel, compiled).unwrap()
    }

    #[test]
    fn a_call_has_a_place_in_the_pool_while_there_is_one() {
        let compiled = tempfile::tempdir().unwrap();
        let compiled = compiled.path().join("compiled");
        for (fuel, directory) in [(false, None), (true, None), (false, Some(&*compiled))] {
            let component = loaded(LEAST, fuel, directory);
            let mut held = Vec::new();
            loop {
                let (pre, Some(permit)) = component.place() else {
                    break;
                };
                let pool = engine::get(fuel).unwrap().pool.as_ref().unwrap();
                assert!(Engine::same(pre.engine(), &pool.engine));
                held.push(permit);
            }
            assert!(!held.is_empty(), "the pool has slots");
            let (pre, _) = component.place();
            assert!(Engine::same(
                pre.engine(),
                &engine::get(fuel).unwrap().plain
            ));
            held.pop();
            assert!(component.place().1.is_some());
        }
    }

    #[test]
    fn what_does_not_fit_into_the_pool_is_called_beside_it() {
        let table =
            "(core module $large (table 200000 funcref)) (core instance (instantiate $large))";
        let large = LEAST.trim_end().strip_suffix(')').unwrap();
        let large = format!("{large} {table})");
        assert!(loaded(&large, false, None).place().1.is_none());
    }
}

//! The engines that compile and run components: some for those with a bound on fuel, because counting it
//! costs each instruction something, and some for the others. Of each there are two: one whose instances
//! have places in a pool, which saves half of what a small call takes, and one that makes a place for each
//! instance, for what does not fit into the pool.

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Components that the pool has places for at once. For each memory 4 GiB of addresses are set aside, and
/// nothing else.
const PLACES: u32 = 64;
/// What a component may have that fits into one of them.
const MODULES: u32 = 16;
const MEMORIES: u32 = 4;
const TABLES: u32 = 16;
/// What a place keeps of the memory that its last instance used: less is released to the system, and
/// asked for again.
const KEPT_BYTES: usize = 64 << 10;

/// The engines with, or without, fuel.
pub(super) struct Engines {
    pub(super) plain: Engine,
    /// None on a machine that has not so many addresses for it.
    pub(super) pool: Option<Pool>,
}

/// An engine with a pool. An instance may be made only with a permit.
pub(super) struct Pool {
    pub(super) engine: Engine,
    pub(super) places: Arc<Semaphore>,
}

/// # Errors
/// When this machine cannot run compiled components.
pub(super) fn get(fuel: bool) -> Result<&'static Engines, String> {
    static PLAIN: OnceLock<Result<Engines, String>> = OnceLock::new();
    static FUELED: OnceLock<Result<Engines, String>> = OnceLock::new();
    let engines = if fuel { &FUELED } else { &PLAIN };
    let made = engines.get_or_init(|| make(fuel).map_err(|error| format!("{error:#}")));
    made.as_ref().map_err(Clone::clone)
}

fn make(fuel: bool) -> wasmtime::Result<Engines> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .consume_fuel(fuel);
    let plain = Engine::new(&config)?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(places()));
    let pool = Engine::new(&config).ok().map(|engine| Pool {
        engine,
        places: Arc::new(Semaphore::new(PLACES as usize)),
    });
    Ok(Engines { plain, pool })
}

/// Enough for every permit.
fn places() -> PoolingAllocationConfig {
    let mut places = PoolingAllocationConfig::new();
    places
        .total_component_instances(PLACES)
        .total_stacks(PLACES)
        .max_core_instances_per_component(MODULES)
        .total_core_instances(PLACES * MODULES)
        .max_memories_per_component(MEMORIES)
        .total_memories(PLACES * MEMORIES)
        .max_tables_per_component(TABLES)
        .total_tables(PLACES * TABLES)
        .linear_memory_keep_resident(KEPT_BYTES)
        .table_keep_resident(KEPT_BYTES)
        .async_stack_keep_resident(KEPT_BYTES);
    places
}

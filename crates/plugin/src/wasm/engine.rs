//! The engines that compile and run components: some for those with a bound on fuel, because counting it
//! costs each instruction something, and some for the others. Of each there are two: one whose instances
//! have slots in a pool, which saves half of what a small call takes, and one that makes a slot for each
//! instance, for what does not fit into the pool.

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Components that the pool has slots for at once. For each memory 4 GiB of addresses are set aside, and
/// nothing else.
const SLOTS: u32 = 64;
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
    pub(super) slots: Arc<Semaphore>,
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
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(slots()));
    let pool = Engine::new(&config).ok().map(|engine| Pool {
        engine,
        slots: Arc::new(Semaphore::new(SLOTS as usize)),
    });
    Ok(Engines { plain, pool })
}

/// Enough for every permit.
fn slots() -> PoolingAllocationConfig {
    let mut slots = PoolingAllocationConfig::new();
    slots
        .total_component_instances(SLOTS)
        .total_stacks(SLOTS)
        .max_core_instances_per_component(MODULES)
        .total_core_instances(SLOTS * MODULES)
        .max_memories_per_component(MEMORIES)
        .total_memories(SLOTS * MEMORIES)
        .max_tables_per_component(TABLES)
        .total_tables(SLOTS * TABLES)
        .linear_memory_keep_resident(KEPT_BYTES)
        .table_keep_resident(KEPT_BYTES)
        .async_stack_keep_resident(KEPT_BYTES);
    slots
}

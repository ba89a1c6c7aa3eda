//! Plugin jobs: each plugin in its order, its end on the server's disk before the next one begins.

mod isolated;
mod kept;
mod logs;
mod perform;
mod pipeline;
mod spawner;
mod supervisor;

pub use isolated::Isolated;

//! PostgreSQL for tests and measurements: servers of one's own, and the one that `cargo xtask test`
//! starts for all tests together. No part of the product.

#[cfg(feature = "client")]
mod database;
mod programs;
mod server;

#[cfg(feature = "client")]
pub use database::{Database, rows};
pub use programs::programs;
pub use server::Server;

/// The environment variable that tells tests where their common PostgreSQL is.
pub const URL_VARIABLE: &str = "PLAYHOUSE_TEST_POSTGRES_URL";

/// The URL of the maintenance database of the tests' common PostgreSQL, as superuser.
///
/// # Panics
/// When the tests were not started by `cargo xtask test`.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one setting of tests, which comes from `cargo xtask`"
)]
pub fn common_url() -> String {
    std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
        panic!("{URL_VARIABLE} is not set: run the tests by `cargo xtask test`, which starts one")
    })
}

//! The store's promises, each on a real SQLite file and on a real PostgreSQL.

mod audit;
mod batches;
mod claims;
mod crash;
mod cycle;
mod database;
mod events;
mod executors;
mod families;
mod fields;
mod full;
mod holders;
mod hooks;
mod keys;
mod lists;
mod logs;
mod parts;
mod proxy;
mod retention;
mod sample;
mod schema;
mod search;
mod submits;
mod tls;
mod unreadable;
mod wake;

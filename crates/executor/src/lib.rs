//! Claims runs and performs them. Never sees the store.

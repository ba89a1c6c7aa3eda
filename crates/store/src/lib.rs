//! Makes changes durable: the only SQL.

//! How much a download may take.

use std::time::Duration;

use crate::addresses::AddressFilter;

/// Bounds of one download.
#[derive(Clone, Debug)]
pub struct FetchLimits {
    /// The largest program.
    pub size_bytes: u64,
    /// To reach the server.
    pub connect: Duration,
    /// Between two pieces.
    pub read: Duration,
    /// From the first to the last byte.
    pub total: Duration,
    /// Redirects that are followed.
    pub redirects: usize,
    /// How often a server is asked that fails in a way that may pass.
    pub tries: u32,
    /// How long the executor's own server may fail to give what was uploaded to it.
    pub timeout: Duration,
    /// From where it may come, if not from the executor's own server.
    pub addresses: AddressFilter,
    /// Whether errors show the hash that came, and where names lead.
    pub tells_hash: bool,
}

impl FetchLimits {
    /// The defaults, with the largest size given.
    #[must_use]
    pub fn new(size_bytes: u64) -> Self {
        Self {
            size_bytes,
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            total: Duration::from_secs(3600),
            redirects: 5,
            tries: 6,
            timeout: Duration::from_secs(300),
            addresses: AddressFilter::default(),
            tells_hash: true,
        }
    }
}

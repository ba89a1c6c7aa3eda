//! How often a key may ask. Each server counts for itself, by its own clock.

use std::sync::Mutex;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    bucket::{Bucket, MINUTE_MS, ceil, lock},
    key::Key,
    role::Role,
};

/// The `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-10.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The rate of one key.
#[derive(Clone, Copy)]
pub(super) struct Rate<'key> {
    bucket: &'key Mutex<Bucket>,
    per_minute: i64,
}

impl<'key> Rate<'key> {
    /// The key's own rate, or the server's; `None` when it has none. An executor asks as often as its
    /// work needs, unless its key says otherwise; a key that may do anything else is no executor's.
    pub(super) fn of(key: &'key Key, default: Option<i64>) -> Option<Self> {
        let default = default.filter(|_| key.scopes != Role::Executor.scopes());
        key.requests_per_minute.or(default).map(|per_minute| Self {
            bucket: &key.bucket,
            per_minute,
        })
    }

    /// Counts a request, or answers how long to wait, in milliseconds.
    pub(super) fn take(self, now: i64) -> Result<(), i64> {
        lock(self.bucket).take(self.per_minute, now)
    }

    /// Says how the key stands: `r` requests now, all of them in `t` seconds.
    pub(super) fn write(self, headers: &mut HeaderMap, now: i64) {
        let parts = lock(self.bucket).parts(self.per_minute, now);
        let (rest, missing) = (parts / MINUTE_MS, self.per_minute * MINUTE_MS - parts);
        let full_in = ceil(missing, self.per_minute * 1_000);
        let per_minute = self.per_minute;
        // Digits and these signs can stand in a header.
        let field = |text: String| HeaderValue::from_str(&text).ok();
        headers.extend(field(format!("\"key\";r={rest};t={full_in}")).map(|value| (LIMIT, value)));
        headers.extend(field(format!("\"key\";q={per_minute};w=60")).map(|value| (POLICY, value)));
    }
}

//! What an operator can set. The command line fills it in; nothing else reads the environment.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use wire::trace::Spans;

use crate::FreeSpace;

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Directory of the embedded database, the blobs and the lock.
    pub data_dir: PathBuf,
    /// The folder of playbooks; `None` for `playbooks` in the data directory.
    pub library: Option<PathBuf>,
    /// The master key of the vault, 64 hexadecimal digits; `None` for the file `vault.key` in the data
    /// directory. Servers of one database need the same.
    pub vault_key: Option<String>,
    /// A command of the shell that prints the master key, instead.
    pub vault_key_command: Option<String>,
    /// `s3://bucket/prefix`, or `None` for a folder of the data directory.
    pub blobs: Option<String>,
    /// Endpoint, region and credentials of the bucket, under the names of the `AWS_…` variables.
    pub blob_options: Vec<(String, String)>,
    /// `postgres://…`, or `None` for the embedded SQLite.
    pub database_url: Option<String>,
    /// The address that executors and people reach this server at, such as `https://play.example`.
    /// `None`: `http://` and the listening address.
    pub public_url: Option<String>,
    /// Further values of the Host header that are accepted, beside the public URL's and loopback.
    pub allowed_hosts: Vec<String>,
    /// Origins of other sites, such as `https://console.example`, whose pages may ask and see the answers.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Networks that are not public and that the server may call all the same.
    pub allowed_outbound: Vec<ipnet::IpNet>,
    /// A live reader that takes nothing for so long is cut off.
    pub reader_timeout: Duration,
    /// A live reader is asked so often whether it is there, or told that the server is.
    pub keep_alive: Duration,
    /// A WebSocket whose peer says nothing for so long, not even that it is there, is left.
    pub reader_silence: Duration,
    /// A hook's receiver must have answered by then.
    pub hook_timeout: Duration,
    /// What a server was sending when it ended goes out after so long at the latest.
    pub hook_claim: Duration,
    /// The executor without which the server is not ready: it must have registered since the start.
    pub expected_executor: Option<String>,
    /// How long a lease lives after its last extension.
    pub lease: Duration,
    /// A call that waits for a run looks at least this often, should a wake-up be lost.
    pub look_every: Duration,
    /// How long an executor may take to begin its answer to a question, and how long nothing may be heard of
    /// it afterwards.
    pub question_timeout: Duration,
    /// An upload of which nothing comes for so long is given up.
    pub upload_timeout: Duration,
    /// How often expired leases are looked for; at most five seconds.
    pub scan: Duration,
    /// How long a lower priority can be kept waiting by the priority above it.
    pub class_bound: Duration,
    /// Terminal runs, and events, are deleted after this.
    pub retention: Duration,
    /// Lines of the audit are deleted after this.
    pub audit_retention: Duration,
    /// Saved states of browsers are deleted after this: the logins in them are mostly over sooner.
    pub browser_state_retention: Duration,
    /// Where traces of runs go.
    pub spans: Spans,
    /// How often a key may ask that has no rate of its own and is not an executor's; `None`: as often
    /// as it likes.
    pub requests_per_minute: Option<i64>,
    /// What must stay free of the disk of the data directory; below it nothing is taken that needs room.
    pub free_space: FreeSpace,
    /// What all uploads may take together, in bytes; `None`: as much as there is.
    pub upload_quota_bytes: Option<u64>,
    /// How many connections there may be at once.
    pub max_connections: usize,
    /// A request's head must be there within this time, and a connection on which nothing is asked for so long ends.
    pub head_timeout: Duration,
    /// The largest program that may be uploaded, in bytes.
    pub upload_limit_bytes: u64,
    /// What large requests may take of the memory together, in bytes, while they are read and until
    /// they are answered. A request of whatever length counts for at most all of it.
    pub request_memory_bytes: u64,
}

impl Settings {
    /// The defaults, listening on loopback port 8080.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir,
            library: None,
            vault_key: None,
            vault_key_command: None,
            blobs: None,
            blob_options: Vec::new(),
            database_url: None,
            public_url: None,
            allowed_hosts: Vec::new(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            allowed_outbound: Vec::new(),
            reader_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            reader_silence: Duration::from_secs(40),
            hook_timeout: Duration::from_secs(15),
            hook_claim: Duration::from_secs(6),
            expected_executor: None,
            lease: Duration::from_secs(30),
            look_every: Duration::from_secs(2),
            question_timeout: Duration::from_secs(10),
            upload_timeout: Duration::from_secs(60),
            scan: Duration::from_secs(5),
            class_bound: Duration::from_secs(600),
            retention: Duration::from_secs(7 * 24 * 3600),
            audit_retention: Duration::from_secs(400 * 24 * 3600),
            browser_state_retention: Duration::from_secs(90 * 24 * 3600),
            spans: Spans::none(),
            requests_per_minute: Some(6_000),
            free_space: FreeSpace::Bytes(0),
            upload_quota_bytes: None,
            max_connections: 10_000,
            head_timeout: Duration::from_secs(30),
            upload_limit_bytes: 4 << 30,
            request_memory_bytes: 256 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_documents() {
        let settings = Settings::new(PathBuf::new());
        let seconds = [
            (settings.reader_timeout, 10),
            (settings.keep_alive, 15),
            (settings.reader_silence, 40),
            (settings.hook_timeout, 15),
            (settings.hook_claim, 6),
            (settings.lease, 30),
            (settings.audit_retention, 400 * 24 * 3_600),
            (settings.browser_state_retention, 90 * 24 * 3_600),
        ];
        for (place, (found, documented)) in seconds.into_iter().enumerate() {
            assert_eq!(found, Duration::from_secs(documented), "number {place}");
        }
        assert_eq!(settings.requests_per_minute, Some(6_000));
    }
}

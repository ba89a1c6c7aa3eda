//! What an operator can set. The command line fills it in; nothing else reads the environment.

use std::{
    collections::BTreeMap, ffi::OsString, fmt, net::SocketAddr, path::PathBuf, str::FromStr,
    time::Duration,
};

use docker::git::GitPolicy;
use ipnet::IpNet;
use wire::trace::Spans;

use crate::{JobIdRange, addresses::FetchRule};

/// Settings of an executor.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The executor's id: unique among those that are connected to the server, and made of ASCII
    /// letters, digits and `-._`.
    pub name: String,
    /// How many runs it performs at once.
    pub slots: u32,
    /// How many runs it claims beyond its slots, so that the next ones are there when slots become free.
    pub prefetch: u32,
    /// How far a job is shut off from the machine.
    pub isolation: Isolation,
    /// Where programs are kept between runs. Locked: one executor per directory.
    pub cache_dir: PathBuf,
    /// The programs that do not run right now are removed, the longest unused first, while all
    /// together are larger than this.
    pub cache_limit_bytes: u64,
    /// Where the work directories of the attempts are made. Locked, and emptied at the start.
    pub work_dir: PathBuf,
    /// The directory whose files playbooks may send; `None` for none.
    pub files_dir: Option<PathBuf>,
    /// The program of Chromium; looked for by its usual names without one.
    pub browser: Option<PathBuf>,
    /// How long the page of a parked execution stays open.
    pub browser_keep: Duration,
    /// The networks that steps of playbooks may reach; empty for all but link-local ones.
    pub allow_addresses: Vec<IpNet>,
    /// The networks that they may not reach.
    pub deny_addresses: Vec<IpNet>,
    /// From where programs and files are fetched, beside the executor's own server; without a rule from anywhere
    /// but link-local addresses, or in `strict` isolation from the public internet.
    pub allow_fetch: Vec<FetchRule>,
    /// The largest program that is fetched.
    pub download_limit_bytes: u64,
    /// How many artefacts of one job are kept.
    pub artifact_limit: usize,
    /// How many bytes of artefacts of one job are kept.
    pub artifact_limit_bytes: u64,
    /// How long a program that was sent SIGTERM may take before SIGKILL.
    pub cancel_grace: Duration,
    /// How long running jobs may go on when the executor is to stop; after it they are killed and
    /// released.
    pub drain_grace: Duration,
    /// How long a claim may still be answered when the executor is to stop: what the server is giving it
    /// just then would be lost on the way, and count. An idle executor takes as long to stop.
    pub claim_grace: Duration,
    /// How the shim is started: normally the running program and `shim`.
    pub shim: Vec<OsString>,
    /// Memory that one job may use, all its processes together. Needs a writable cgroup.
    pub memory_limit_bytes: Option<u64>,
    /// Processors that one job may use, such as `1.5`. Needs a writable cgroup.
    pub cpu_limit: Option<f64>,
    /// What jobs may require of this executor.
    pub labels: BTreeMap<String, String>,
    /// Processor cores that it offers to jobs that count some.
    pub cpus: Option<f64>,
    /// Memory in mebibytes that it offers to jobs that count some.
    pub memory_mb: Option<u64>,
    /// Processes and threads that one job may have at once.
    pub pids_limit: u32,
    /// The largest file that a job may write.
    pub file_limit_bytes: Option<u64>,
    /// How much one job may have in its work directory. It is measured, and a job with more is killed.
    pub work_limit_bytes: Option<u64>,
    /// What jobs see of the machine besides the system.
    pub allow_paths: Vec<AllowedPath>,
    /// Device files, or directories of such, that jobs may use.
    pub allow_devices: Vec<PathBuf>,
    /// Files and directories that no job sees, besides the directories of this executor: keys, settings, data.
    pub hidden_paths: Vec<PathBuf>,
    /// The users that a root executor runs jobs as, each one job at a time.
    pub job_ids: JobIdRange,
    /// The plugins that it has; without it it performs no plugin jobs.
    pub plugins: Option<Plugins>,
    /// The Docker host whose playgrounds it performs operations on; without it, none.
    pub docker: Option<DockerHost>,
    /// Where the traces of its attempts go.
    pub spans: Spans,
    /// The address that it gives to the server; not checked by anyone.
    pub executor_ip: String,
}

impl Settings {
    /// The defaults: one slot, `standard` isolation, the directories `cache` and `work` below
    /// `data_dir`, no plugins. `shim` is the argv that starts the shim.
    #[must_use]
    pub fn new(name: impl Into<String>, data_dir: impl Into<PathBuf>, shim: Vec<OsString>) -> Self {
        let data_dir = data_dir.into();
        Self {
            name: name.into(),
            slots: 1,
            prefetch: 0,
            isolation: Isolation::Standard,
            cache_dir: data_dir.join("cache"),
            cache_limit_bytes: 4 << 30,
            work_dir: data_dir.join("work"),
            files_dir: None,
            browser: None,
            browser_keep: Duration::from_secs(30 * 60),
            allow_addresses: Vec::new(),
            allow_fetch: Vec::new(),
            deny_addresses: Vec::new(),
            download_limit_bytes: 4 << 30,
            artifact_limit: 1_000,
            artifact_limit_bytes: 1 << 30,
            cancel_grace: Duration::from_secs(10),
            drain_grace: Duration::from_secs(3600),
            claim_grace: Duration::from_millis(500),
            shim,
            memory_limit_bytes: None,
            cpu_limit: None,
            labels: BTreeMap::new(),
            cpus: None,
            memory_mb: None,
            pids_limit: 16_384,
            file_limit_bytes: None,
            work_limit_bytes: None,
            allow_paths: Vec::new(),
            allow_devices: Vec::new(),
            hidden_paths: Vec::new(),
            job_ids: JobIdRange::default(),
            plugins: None,
            docker: None,
            spans: Spans::none(),
            executor_ip: String::new(),
        }
    }
}

/// A path of the machine that jobs see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedPath {
    /// Absolute.
    pub path: PathBuf,
    /// Jobs may write there, as far as their user may.
    pub writable: bool,
}

impl FromStr for AllowedPath {
    type Err = String;

    /// `PATH`, or `PATH:rw`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, writable) = match text.strip_suffix(":rw") {
            Some(path) => (path, true),
            None => (text.strip_suffix(":ro").unwrap_or(text), false),
        };
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            return Err(format!("`{}` is not an absolute path", path.display()));
        }
        Ok(Self { path, writable })
    }
}

/// A Docker host, and the router beside it.
#[derive(Clone, Debug)]
pub struct DockerHost {
    /// The engine's address, as in `DOCKER_HOST`. Without one, this machine's own engine is used if it answers.
    pub endpoint: Option<String>,
    /// A directory with `ca.pem`, `cert.pem` and `key.pem`, for `tcp://`.
    pub certificates: Option<PathBuf>,
    /// The program of Docker Compose; looked for where it is usually installed without one.
    pub compose: Option<PathBuf>,
    /// The playroom's name.
    pub playroom: String,
    /// Where the playgrounds have their directories. Locked: one executor for each.
    pub directory: PathBuf,
    /// Where the router listens; port 0 takes a free one.
    pub router_listen: SocketAddr,
    /// Where it listens for HTTPS; plain HTTP is sent on to it then.
    pub router_https: Option<RouterHttps>,
    /// Where `GET /metrics` has the router's counters.
    pub router_metrics: Option<SocketAddr>,
    /// What stands after the subdomains of services, where a playroom has no domain of its own.
    pub root_domain: String,
    /// How many images are built at once.
    pub builds: usize,
    /// How long services may take to become ready; one whose own health check takes longer may.
    pub ready_limit: Duration,
    /// Which repositories may be cloned besides those over HTTPS and SSH.
    pub git: GitPolicy,
}

/// HTTPS of the router.
#[derive(Clone, Debug)]
pub struct RouterHttps {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// PEM: the certificate, then those that it was issued by. Read again when the file changes.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
}

impl DockerHost {
    /// The defaults: this machine's engine as the playroom `local`, the router on a port of loopback,
    /// `*.localhost`.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            endpoint: None,
            certificates: None,
            compose: None,
            playroom: "local".to_owned(),
            directory: directory.into(),
            router_listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            router_https: None,
            router_metrics: None,
            root_domain: "localhost".to_owned(),
            builds: 2,
            ready_limit: Duration::from_secs(120),
            git: GitPolicy::default(),
        }
    }
}

/// Where an executor's plugins are.
#[derive(Clone, Debug)]
pub struct Plugins {
    /// A folder for each. It may be missing, and it is looked at again while the executor runs.
    pub directory: PathBuf,
    /// Where compiled components are kept, for this user only; without it they are compiled at each
    /// start.
    pub compiled: Option<PathBuf>,
    /// What a program of ours serves.
    pub shipped: Vec<ShippedPlugin>,
    /// The names of those that this executor is not to have.
    pub without: Vec<String>,
}

/// A plugin that a program of ours serves over the process protocol.
#[derive(Clone, Debug)]
pub struct ShippedPlugin {
    /// The text of its manifest, which has no entry.
    pub manifest: String,
    /// What is started: an absolute path, then arguments.
    pub argv: Vec<String>,
}

/// How far a job is shut off from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Only the shim: the whole process tree is watched and killed.
    None,
    /// As far as the machine allows, without touching the network.
    Standard,
    /// Everything, the network included; a job does not start when a part cannot be applied.
    Strict,
}

impl Isolation {
    /// `none`, `standard` or `strict`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Isolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "standard" => Ok(Self::Standard),
            "strict" => Ok(Self::Strict),
            _ => Err(format!("`{text}` is not `none`, `standard` or `strict`")),
        }
    }
}

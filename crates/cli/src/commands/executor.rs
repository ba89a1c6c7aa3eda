//! `executor`, and the executor inside `server` and `dev`.

use std::{
    net::{ToSocketAddrs, UdpSocket},
    path::{Path, PathBuf},
    time::Duration,
};

use executor::{
    CancellationToken, DockerHost, GitPolicy, Plugins, RouterHttps, Settings, ShippedPlugin,
};
use tokio::task::JoinHandle;
use wire::{client::Client, executors::BUILT_IN, trace::Spans};

use super::{join, offer, place};
use crate::{
    args::{Executor, ForDocker, GitProtocol, Isolation, Work},
    exit::{Exit, Failure},
    otlp::spans,
    signals::StopSignals,
};

/// A server that is to stop does not wait long for the jobs in it: they start again with it.
const BUILT_IN_DRAIN_GRACE: Duration = Duration::from_secs(10);

/// Its claims are calls within this process: one that is let go was either answered or releases what
/// it took.
const BUILT_IN_CLAIM_GRACE: Duration = Duration::from_millis(200);

pub(super) async fn run(executor: Executor) -> Result<Exit, Failure> {
    let mut signals = StopSignals::new()?;
    let name = executor.name.clone().unwrap_or_else(place::host_name);
    let client = tokio::select! {
        client = join::client(&executor, &name) => client?,
        _ = signals.next() => return Ok(Exit::OK),
    };
    let mut settings = match (&executor.cache_dir, &executor.work_dir) {
        // Both are given: no other place is needed.
        (Some(cache_dir), Some(_)) => Settings::new(&name, cache_dir, place::shim()),
        _ => Settings::new(&name, place::executor_dir(&name)?, place::shim()),
    };
    let key_file = executor.address.key.file().map(Path::to_owned);
    settings.cache_dir = executor.cache_dir.unwrap_or(settings.cache_dir);
    settings.work_dir = executor.work_dir.unwrap_or(settings.work_dir);
    settings.spans = spans(&executor.tracing, "playhouse-executor")?;
    let spans = settings.spans.clone();
    settings.executor_ip = own_address(&executor.address.server);
    apply(&mut settings, &executor.work)?;
    let state = executor
        .state_dir
        .clone()
        .or_else(|| place::state_dir(&name));
    settings.docker = docker(&executor.work.docker, state.as_deref())?;
    settings.hidden_paths.extend(state);
    settings.hidden_paths.extend(key_file);
    let mut running = Running::start(client, settings);
    tokio::select! {
        end = running.ended() => end?,
        _ = signals.next() => {
            tracing::info!("draining: running jobs may end; a second signal stops at once");
            signals.end_at_once_on_next();
            running.drain().await?;
        }
    }
    // What is left of the traces is sent before the process ends.
    let _ = tokio::task::spawn_blocking(move || spans.stop()).await;
    Ok(Exit::OK)
}

/// The name of the executor inside a server.
pub(super) fn built_in_name() -> String {
    format!("{BUILT_IN}{}", place::host_name())
}

/// Starts the executor inside a server, below its data directory.
pub(super) fn start_built_in(
    client: Client,
    data_dir: &Path,
    work: &Work,
    spans: Spans,
) -> Result<Running, Failure> {
    let mut settings = Settings::new(built_in_name(), data_dir.join("executor"), place::shim());
    settings.spans = spans;
    settings.drain_grace = BUILT_IN_DRAIN_GRACE;
    settings.claim_grace = BUILT_IN_CLAIM_GRACE;
    "127.0.0.1".clone_into(&mut settings.executor_ip);
    apply(&mut settings, work)?;
    settings.docker = docker(&work.docker, Some(data_dir))?;
    settings.hidden_paths.push(data_dir.to_owned());
    Ok(Running::start(client, settings))
}

fn apply(settings: &mut Settings, work: &Work) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    settings.slots = work
        .slots
        .unwrap_or_else(|| u32::try_from(cores).unwrap_or(1));
    settings.prefetch = work.prefetch;
    settings.labels = offer::labels(&work.placement);
    settings.cpus = offer::cpus(&work.placement);
    settings.memory_mb = offer::memory_mb(&work.placement);
    settings.isolation = level(work.isolation);
    settings.cache_limit_bytes = work.cache_limit;
    settings.files_dir.clone_from(&work.files_dir);
    settings.browser.clone_from(&work.browser);
    settings.browser_keep = work.browser_keep;
    settings.allow_addresses.clone_from(&work.allow_address);
    settings.allow_fetch.clone_from(&work.allow_fetch);
    settings.deny_addresses.clone_from(&work.deny_address);
    settings.download_limit_bytes = work.download_limit;
    settings.artifact_limit = work.artifact_count as usize;
    settings.artifact_limit_bytes = work.artifact_size;
    settings.memory_limit_bytes = work.memory_limit;
    settings.cpu_limit = work.cpu_limit;
    settings.file_limit_bytes = work.file_limit;
    settings.work_limit_bytes = work.work_limit;
    settings.pids_limit = work.pids_limit;
    settings.allow_paths.clone_from(&work.allow_path);
    settings.allow_devices.clone_from(&work.allow_device);
    settings.job_ids = work.job_ids;
    let docker = &work.docker;
    let keys = docker.docker_certs.iter().chain(&docker.router_key);
    settings.hidden_paths = place::settings_files()
        .chain(work.hide_path.iter().chain(keys).cloned())
        .collect();
    settings.cancel_grace = work.cancel_grace;
    settings.drain_grace = work.drain_grace.unwrap_or(settings.drain_grace);
    // Programs start in directories of their own: a relative path would not lead anywhere there.
    for directory in [&mut settings.cache_dir, &mut settings.work_dir] {
        *directory = std::path::absolute(&*directory)
            .map_err(|error| Failure::io(directory.display(), &error))?;
    }
    if !work.plugins.no_plugins {
        let directory = place::plugins_dir(work.plugins.place.plugins_dir.as_deref())?;
        let mut compiled = settings.cache_dir.clone().into_os_string();
        compiled.push("-compiled");
        settings.plugins = Some(Plugins {
            without: work.plugins.without_plugin.clone(),
            ..plugins(directory, Some(compiled.into()))
        });
    }
    Ok(())
}

/// The Docker host; its files are below `state` unless a setting names another directory.
fn docker(named: &ForDocker, state: Option<&Path>) -> Result<Option<DockerHost>, Failure> {
    if named.no_docker {
        return Ok(None);
    }
    let directory = named.playgrounds_dir.clone();
    let directory = directory.or_else(|| Some(state?.join("playgrounds")));
    let directory = directory.ok_or_else(|| {
        Failure::usage("HOME is not set: say where playgrounds are with --playgrounds-dir")
    })?;
    Ok(Some(DockerHost {
        endpoint: named.docker_host.clone(),
        certificates: named.docker_certs.clone(),
        compose: named.compose.clone(),
        playroom: named.playroom.clone(),
        router_listen: named.router_listen,
        router_https: https(named),
        router_metrics: named.router_metrics,
        root_domain: named.root_domain.clone(),
        builds: named.builds.into(),
        ready_limit: Duration::from_secs(named.ready_timeout.into()),
        git: GitPolicy {
            http: named.allow_git.contains(&GitProtocol::Http),
            file: named.allow_git.contains(&GitProtocol::File),
        },
        ..DockerHost::new(directory)
    }))
}

/// HTTPS of the router: all three, or none.
fn https(named: &ForDocker) -> Option<RouterHttps> {
    Some(RouterHttps {
        listen: named.router_https?,
        certificate: named.router_certificate.clone()?,
        key: named.router_key.clone()?,
    })
}

pub(super) fn level(isolation: Isolation) -> executor::Isolation {
    match isolation {
        Isolation::None => executor::Isolation::None,
        Isolation::Standard => executor::Isolation::Standard,
        Isolation::Strict => executor::Isolation::Strict,
    }
}

/// The plugins in `directory`, and those that this program serves itself.
pub(super) fn plugins(directory: PathBuf, compiled: Option<PathBuf>) -> Plugins {
    let shipped = shipped::PLUGINS.iter().map(|plugin| ShippedPlugin {
        manifest: plugin.manifest.to_owned(),
        // This very program, also after its file was replaced: the shim that starts it is it as well.
        argv: plugin.argv("/proc/self/exe"),
    });
    Plugins {
        directory,
        compiled,
        shipped: shipped.collect(),
        without: Vec::new(),
    }
}

/// An executor at work in this process.
pub(super) struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), executor::Error>>,
}

impl Running {
    fn start(client: Client, settings: Settings) -> Self {
        tracing::info!(
            name = settings.name,
            slots = settings.slots,
            isolation = settings.isolation.as_str(),
            "starting the executor"
        );
        let stop = CancellationToken::new();
        let task = tokio::spawn(executor::run(client, settings, stop.clone()));
        Self { stop, task }
    }

    /// Waits until it ends by itself, which it does only when something is wrong.
    pub(super) async fn ended(&mut self) -> Result<(), Failure> {
        let end = (&mut self.task)
            .await
            .map_err(|error| Failure::new(Exit::FAILED, format!("the executor broke: {error}")))?;
        end.map_err(|error| match error {
            executor::Error::Refused(error) => error.into(),
            error @ executor::Error::Directory { .. } => {
                Failure::new(Exit::FAILED, error.to_string())
                    .hint("Give it another --name, or other directories.")
            }
            error @ executor::Error::BrokenOff(_) => Failure::new(Exit::FAILED, error.to_string()),
            error @ executor::Error::Settings(_) => Failure::usage(error.to_string()),
        })
    }

    /// Lets it end its work.
    pub(super) async fn drain(mut self) -> Result<(), Failure> {
        self.stop.cancel();
        self.ended().await
    }
}

/// The address that this machine reaches the server from; empty when it is not known.
fn own_address(server: &str) -> String {
    let tls = server.starts_with("https://");
    let host = server
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let host = host.unwrap_or_default();
    let socket_address = |host: &str| host.to_socket_addrs().ok()?.next();
    let address = socket_address(host)
        .or_else(|| socket_address(&format!("{host}:{}", if tls { 443 } else { 80 })));
    let own = address.and_then(|address| {
        let any = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        // Connecting a datagram socket sends nothing; it only chooses a route.
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(address).ok()?;
        socket.local_addr().ok()
    });
    own.map(|own| own.ip().to_string()).unwrap_or_default()
}

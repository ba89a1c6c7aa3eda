//! Jobs that reach the services of a playground by their names.

use std::{
    fmt::Write,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

use docker::{
    Owner,
    engine::{Container, ContainerState},
};
use tokio::task::spawn_blocking;
use wire::executors::PlaygroundOfJob;

use super::{AttemptRunner, Unprepared, WorkDir};
use crate::playrooms::KeptAwake;

/// The file that programs look names up in.
const HOSTS: &str = "/etc/hosts";

/// What a program is given to reach a playground.
#[derive(Default)]
pub(super) struct PlaygroundReach {
    pub(super) environment: Vec<(String, String)>,
    /// Stands in the place of the machine's file, where the isolation can do that.
    pub(super) hosts: Option<PathBuf>,
    /// It does not sleep while the program runs.
    pub(super) awake: Option<KeptAwake>,
}

impl AttemptRunner {
    /// Finds where the services are.
    pub(super) async fn reach(
        &self,
        playground: &PlaygroundOfJob,
        work_dir: &WorkDir,
    ) -> Result<PlaygroundReach, Unprepared> {
        let name = &playground.playroom;
        let playroom = self.playrooms.named(name).ok_or_else(|| {
            Unprepared::Executor(format!(
                "it does not reach the Docker host of the playroom `{name}`"
            ))
        })?;
        if !playroom.is_here() {
            return Err(Unprepared::Job(format!(
                "the Docker engine of the playroom `{name}` is on another machine: run an executor there, so that jobs \
                 reach the networks of playgrounds"
            )));
        }
        let owner = Owner::new(&playground.owner);
        let owner =
            owner.ok_or_else(|| Unprepared::Job("the mark of an owner is wrong".to_owned()))?;
        let awake = KeptAwake::new(&playroom, playground.id).await;
        let containers = playroom.containers(&owner, playground.id).await;
        let containers = containers
            .map_err(|error| Unprepared::Executor(format!("the Docker engine: {error}")))?;
        let found = addresses(&containers);
        if found.is_empty() {
            let id = playground.id;
            return Err(Unprepared::Job(format!(
                "no service of playground {id} runs"
            )));
        }
        let mut environment = vec![("PLAYGROUND_ID".to_owned(), playground.id.to_string())];
        let hosts = found.iter();
        let hosts =
            hosts.map(|(service, address)| (variable("HOST", service), address.to_string()));
        environment.extend(hosts);
        let urls = playground.urls.iter();
        environment.extend(urls.map(|(service, url)| (variable("URL", service), url.clone())));
        let place = work_dir.path().join("hosts");
        let written = spawn_blocking(move || hosts_file(&place, &found).map(|()| place)).await;
        let written = written
            .map_err(std::io::Error::other)
            .and_then(|written| written);
        let hosts =
            written.map_err(|error| Unprepared::Executor(format!("the file of hosts: {error}")))?;
        Ok(PlaygroundReach {
            environment,
            hosts: Some(hosts),
            awake: Some(awake),
        })
    }
}

/// Each service that runs with the address of its first container.
fn addresses(containers: &[Container]) -> Vec<(String, IpAddr)> {
    let running = containers
        .iter()
        .filter(|one| one.state == ContainerState::Running && !one.service.is_empty());
    let mut found: Vec<(String, u32, IpAddr)> = running
        .filter_map(|one| {
            // Every service is in the default network, unless its file says otherwise.
            let is_default = |network: &str| network.ends_with("_default");
            let networks = one.networks.iter();
            let mut networks: Vec<_> = networks
                .filter_map(|net| Some((!is_default(&net.network), net.address?)))
                .collect();
            networks.sort_unstable();
            let (_, address) = networks.first()?;
            Some((one.service.clone(), one.number, *address))
        })
        .collect();
    found.sort();
    found.dedup_by(|second, first| second.0 == first.0);
    found
        .into_iter()
        .map(|(service, _, address)| (service, address))
        .collect()
}

/// `PLAYGROUND_HOST_WEB_1` for the service `web-1`.
fn variable(what: &str, service: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let service: String = service.chars().map(letter).collect();
    format!("PLAYGROUND_{what}_{service}")
}

/// The machine's file, with the services.
fn hosts_file(place: &Path, found: &[(String, IpAddr)]) -> std::io::Result<()> {
    let mut text = fs::read_to_string(HOSTS).unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for (service, address) in found {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{address} {service}");
    }
    fs::write(place, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_variables_and_names() {
        assert_eq!(variable("HOST", "web-1.x"), "PLAYGROUND_HOST_WEB_1_X");
        let dir = tempfile::tempdir().expect("a directory");
        let place = dir.path().join("hosts");
        let found = [("web".to_owned(), IpAddr::from([172, 18, 0, 2]))];
        hosts_file(&place, &found).expect("written");
        let text = fs::read_to_string(&place).expect("read");
        assert!(
            text.ends_with("\n172.18.0.2 web\n") || text == "172.18.0.2 web\n",
            "{text}"
        );
    }
}

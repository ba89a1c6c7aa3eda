//! The sweep on a real engine: only what is ours and belongs to no playground goes.

use std::{collections::BTreeSet, path::Path, process::Command, sync::Arc};

use docker::Owner;
use private_docker::{BUSYBOX, Location};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{UnixListener, UnixStream},
};

use super::Orphans;
use crate::{DockerHost, playrooms::Playroom};

/// Things on the engine, removed at the end.
struct OnEngine {
    location: Location,
    /// In the names of everything.
    mark: String,
}

impl OnEngine {
    fn new(mark: &str) -> Self {
        Self {
            location: private_docker::common(),
            mark: format!("orphans-{mark}-{}", std::process::id()),
        }
    }

    fn owner(&self) -> Owner {
        Owner::new(&self.mark).unwrap()
    }

    async fn playroom(&self, directory: &Path, endpoint: String) -> Arc<Playroom> {
        let settings = DockerHost {
            endpoint: Some(endpoint),
            compose: Some(self.location.compose()),
            router_listen: "127.0.0.1:0".parse().unwrap(),
            ..DockerHost::new(directory)
        };
        Playroom::open(&settings).await.unwrap().unwrap()
    }

    fn docker(&self, arguments: &[&str]) -> Vec<String> {
        let mut command = Command::new("docker");
        let output = command
            .args(["--host", &self.location.url()])
            .args(arguments)
            .output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// A container, a network and a volume with these labels.
    fn make(&self, name: &str, labels: &[&str]) {
        let name = format!("{}-{name}", self.mark);
        let labels: Vec<String> = labels
            .iter()
            .map(|label| format!("--label={label}"))
            .collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        self.docker(
            &[
                &["create", "--name", &name],
                &labels[..],
                &[BUSYBOX, "true"],
            ]
            .concat(),
        );
        self.docker(&[&["network", "create"], &labels[..], &[&name]].concat());
        self.docker(&[&["volume", "create"], &labels[..], &[&name]].concat());
    }

    /// The names of all that is there, of each kind.
    fn all(&self, kind: &str) -> BTreeSet<String> {
        let prefix = format!("{}-", self.mark);
        let listed = match kind {
            "container" => self.docker(&["ps", "--all", "--format", "{{.Names}}"]),
            "network" => self.docker(&["network", "ls", "--format", "{{.Name}}"]),
            _ => self.docker(&["volume", "ls", "--format", "{{.Name}}"]),
        };
        let ours = listed.iter().filter_map(|name| name.strip_prefix(&prefix));
        ours.map(str::to_owned).collect()
    }

    #[track_caller]
    fn has(&self, names: &[&str]) {
        let names: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
        for kind in ["container", "network", "volume"] {
            assert_eq!(self.all(kind), names, "{kind}");
        }
    }
}

impl Drop for OnEngine {
    fn drop(&mut self) {
        for kind in ["container", "network", "volume"] {
            for name in self.all(kind) {
                self.docker(&[kind, "rm", "--force", &format!("{}-{name}", self.mark)]);
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_ours_stays_and_what_is_ours_goes_at_the_second_look() {
    let things = OnEngine::new("look");
    let directory = TempDir::new().unwrap();
    let playroom = things
        .playroom(directory.path(), things.location.url())
        .await;
    let own = format!("playhouse.owner={}", things.mark);
    things.make(
        "gone",
        &[&own, "playhouse.playground=7", "playhouse.project=pg-7-x"],
    );
    things.make("placed", &[&own, "playhouse.playground=8"]);
    things.make("kept", &[&own, "playhouse.persistent=pv-1-1"]);
    things.make(
        "of-another",
        &["playhouse.owner=another", "playhouse.playground=7"],
    );
    things.make(
        "of-nobody",
        &["playhouse.playground=7", "playhouse.project=pg-7-x"],
    );
    things.make("by-name", &["com.docker.compose.project=pg-7-x"]);
    let all = [
        "by-name",
        "gone",
        "kept",
        "of-another",
        "of-nobody",
        "placed",
    ];
    let (mut orphans, placed) = (Orphans::default(), BTreeSet::from([8]));
    orphans
        .sweep(&playroom, &things.owner(), &placed)
        .await
        .unwrap();
    things.has(&all);
    // One that is placed at the second look was new at the first.
    let both = BTreeSet::from([7, 8]);
    orphans
        .sweep(&playroom, &things.owner(), &both)
        .await
        .unwrap();
    orphans
        .sweep(&playroom, &things.owner(), &placed)
        .await
        .unwrap();
    things.has(&all);
    orphans
        .sweep(&playroom, &things.owner(), &placed)
        .await
        .unwrap();
    things.has(&["by-name", "kept", "of-another", "of-nobody", "placed"]);
}

#[tokio::test]
async fn a_look_that_fails_removes_nothing() {
    let things = OnEngine::new("fails");
    let directory = TempDir::new().unwrap();
    let own = format!("playhouse.owner={}", things.mark);
    things.make("gone", &[&own, "playhouse.playground=7"]);
    for broken in ["/containers/json", "/networks", "/volumes", "/images/json"] {
        let playrooms = TempDir::new().unwrap();
        let proxy = tokio::spawn(proxy(
            UnixListener::bind(directory.path().join("engine")).unwrap(),
            things.location.clone(),
            broken,
        ));
        let endpoint = format!("unix://{}", directory.path().join("engine").display());
        let playroom = things.playroom(playrooms.path(), endpoint).await;
        let mut orphans = Orphans(BTreeSet::from([7]));
        let swept = orphans
            .sweep(&playroom, &things.owner(), &BTreeSet::new())
            .await;
        assert!(swept.is_err(), "{broken}");
        things.has(&["gone"]);
        proxy.abort();
        std::fs::remove_file(directory.path().join("engine")).unwrap();
    }
    let playrooms = TempDir::new().unwrap();
    let playroom = things
        .playroom(playrooms.path(), things.location.url())
        .await;
    let mut orphans = Orphans(BTreeSet::from([7]));
    orphans
        .sweep(&playroom, &things.owner(), &BTreeSet::new())
        .await
        .unwrap();
    things.has(&[]);
}

/// The engine, which fails where a list is asked for.
async fn proxy(listener: UnixListener, engine: Location, broken: &'static str) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let engine = engine.socket();
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let (line, rest) = head.split_once("\r\n").unwrap_or_default();
            if line.contains(broken) {
                let answer = "HTTP/1.1 500 No\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                return client.write_all(answer.as_bytes()).await;
            }
            // One request for each connection: each is looked at.
            let mut server = UnixStream::connect(engine).await?;
            let head = format!("{line}\r\nconnection: close\r\n{rest}");
            server.write_all(head.as_bytes()).await?;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        });
    }
}

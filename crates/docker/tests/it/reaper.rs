//! The reaper removes what is ours, all of it, and nothing else.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use docker::{
    CancellationToken, ChildError, ComposeError, ReapScope,
    compose::{Up, Watch},
};
use private_docker::Location;

use crate::{
    lifecycle::IDLE,
    project::{LONG, Project},
};

const ALL: ReapScope = ReapScope {
    volumes: true,
    images: true,
};

/// Runs Compose for a file that is not one of ours.
fn compose(location: &Location, file: &str, arguments: &[&str]) {
    let status = Command::new(location.compose())
        .args(["--file", file])
        .args(arguments)
        .env("DOCKER_HOST", location.url())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

#[tokio::test]
async fn only_what_bears_both_labels_is_removed() {
    let location = private_docker::common();
    let body = "image: 'IMAGE', command: [sleep, '1000'], volumes: ['data:/data']";
    let project = Project::new(&[("idle", body)]).await;
    let mark = project.owner.mark();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("foreign.yml");
    // Each has one of the labels, or another owner's.
    let labels = [
        format!("{{playhouse.owner: {mark}}}"),
        "{playhouse.playground: '1'}".to_owned(),
        format!("{{playhouse.owner: {mark}-other, playhouse.playground: '1'}}"),
    ];
    let mut text = format!("name: foreign-{mark}\nservices:\n");
    for (index, labels) in labels.iter().enumerate() {
        let image = private_docker::BUSYBOX;
        text.push_str(&format!(
            "  f{index}: {{image: '{image}', init: true, command: [sleep, '1000'], labels: {labels}, \
             networks: [n{index}], volumes: ['v{index}:/data']}}\n"
        ));
    }
    for (section, letter) in [("networks", 'n'), ("volumes", 'v')] {
        text.push_str(&format!("{section}:\n"));
        for (index, labels) in labels.iter().enumerate() {
            text.push_str(&format!("  {letter}{index}: {{labels: {labels}}}\n"));
        }
    }
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    compose(&location, file, &["up", "--detach"]);

    project.up_and_wait().await;
    let reaper = project.reaper();
    assert_eq!(reaper.playgrounds(ALL).await.unwrap(), ["1"]);
    let found = reaper.find("1", ALL).await.unwrap();
    assert_eq!(
        (
            found.containers.len(),
            found.networks.len(),
            found.volumes.len()
        ),
        (1, 1, 1)
    );
    assert!(reaper.find("2", ALL).await.unwrap().is_empty());
    // Volumes stay unless they are meant.
    let removed = reaper.remove("1", ReapScope::default()).await.unwrap();
    assert_eq!((removed.containers.len(), removed.volumes.len()), (1, 0));
    assert_eq!(
        reaper.remove("1", ALL).await.unwrap().volumes,
        found.volumes
    );
    assert!(reaper.remove("1", ALL).await.unwrap().is_empty());
    assert_eq!(reaper.playgrounds(ALL).await.unwrap(), [""; 0]);

    let foreign = docker::Selection::any().project(&format!("foreign-{mark}"));
    assert_eq!(project.engine.containers(&foreign).await.unwrap().len(), 3);
    assert_eq!(project.engine.networks(&foreign).await.unwrap().len(), 3);
    assert_eq!(project.engine.volumes(&foreign).await.unwrap().len(), 3);
    compose(&location, file, &["down", "--volumes", "--timeout", "0"]);
}

/// Many services, one of which never becomes healthy: the tool is in the middle until it is killed.
const NEVER: &str = "image: 'IMAGE', command: [sleep, '1000'], healthcheck: {test: [CMD, 'false'], \
    interval: 1h, start_period: 1h}";

#[tokio::test]
async fn what_a_killed_tool_leaves_is_found() {
    let services = [("a", IDLE), ("b", IDLE), ("c", NEVER)];
    let project = Project::new(&services).await;
    let cancel = CancellationToken::new();
    let up = Up {
        wait: Some(Duration::from_secs(600)),
        ..Up::default()
    };
    let mut started = 0;
    let mut progress = |said: docker::compose::ComposeProgress| {
        started += usize::from(said.line().ends_with("-1 Started"));
        if started > 0 {
            // The tool is killed with SIGKILL.
            cancel.cancel();
        }
    };
    let watch = Watch {
        timeout: LONG,
        cancel: &cancel,
        progress: &mut progress,
    };
    let ended = project.compose.up(&up, watch).await;
    let cancelled = matches!(ended, Err(ComposeError::Run(ChildError::Cancelled { .. })));
    assert!(cancelled, "{ended:?}");
    let left = project.containers().await;
    assert!(!left.is_empty());
    let removed = project.reaper().remove("1", ALL).await.unwrap();
    assert_eq!(
        (removed.containers.len(), removed.networks.len()),
        (left.len(), 1)
    );
    let anything = docker::Selection::any().project(&project.compose.name);
    assert_eq!(project.engine.containers(&anything).await.unwrap(), []);
    assert_eq!(project.engine.networks(&anything).await.unwrap(), []);
    assert_eq!(project.engine.volumes(&anything).await.unwrap(), []);
}

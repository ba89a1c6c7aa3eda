//! Requests to the engine itself: commands in containers, ends, events, and an engine that goes away.

use std::time::Duration;

use docker::{
    DockerError, Endpoint, Engine, Readiness,
    compose::Up,
    engine::{ContainerState, EventsQuery, Exec},
};
use futures_util::StreamExt;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    time,
};

use crate::{
    lifecycle::IDLE,
    project::{LONG, Project},
};

#[tokio::test]
async fn a_command_in_a_container_has_output_and_an_exit_code() {
    let project = Project::new(&[("idle", IDLE)]).await;
    project.up_and_wait().await;
    let id = project.container("idle").await.id;
    let mut exec = Exec {
        command: ["sh", "-c", "echo $WORD; pwd; echo err >&2; exit 3"]
            .map(String::from)
            .into(),
        environment: vec!["WORD=hello".into()],
        user: None,
        directory: Some("/tmp".into()),
        timeout: LONG,
        output_limit: 8,
    };
    let ended = project.engine.exec(&id, &exec).await.unwrap();
    assert_eq!(ended.exit_code, 3);
    assert_eq!(
        (&*ended.stdout, &*ended.stderr),
        (&b"hello\n/t"[..], &b"err\n"[..])
    );
    assert!(ended.truncated);
    exec.command = vec!["sleep".into(), "1000".into()];
    exec.timeout = Duration::from_secs(1);
    let ended = project.engine.exec(&id, &exec).await;
    assert_eq!(ended, Err(DockerError::Timeout));
}

#[tokio::test]
async fn how_a_container_ended_is_told() {
    let fails = "image: 'IMAGE', command: [sh, -c, 'exit 7']";
    let project = Project::new(&[("fails", fails), ("idle", IDLE)]).await;
    project.up(&Up::default()).await.unwrap();
    let fails = project.container("fails").await;
    assert_eq!(project.engine.wait(&fails.id).await, Ok(7));
    let fails = project.container("fails").await;
    assert_eq!(
        (fails.state, fails.exit_code),
        (ContainerState::Exited, Some(7))
    );
    assert!(fails.started_at.is_some() && fails.finished_at.is_some() && !fails.out_of_memory);

    let idle = project.container("idle").await;
    project.engine.stop(&idle.id, Some(LONG)).await.unwrap();
    // What is so already is no error.
    project.engine.stop(&idle.id, Some(LONG)).await.unwrap();
    let stopped = project.container("idle").await;
    assert_eq!(
        (stopped.state, stopped.exit_code),
        (ContainerState::Exited, Some(143))
    );
    project.engine.start(&idle.id).await.unwrap();
    assert_eq!(
        project.container("idle").await.state,
        ContainerState::Running
    );
    project.engine.remove(&idle.id).await.unwrap();
    project.engine.remove(&idle.id).await.unwrap();
    assert_eq!(project.engine.container(&idle.id).await, Ok(None));
    let gone = project.engine.start(&idle.id).await;
    assert!(matches!(gone, Err(DockerError::NotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn events_of_our_containers_alone_arrive() {
    let project = Project::new(&[("idle", IDLE)]).await;
    let other = Project::new(&[("idle", IDLE)]).await;
    let query = EventsQuery {
        selection: project.selection(),
        after: None,
    };
    let mut events = Box::pin(project.engine.events(&query));
    // The engine subscribes us before it answers, and it answers the first read.
    let first = async {
        project.engine.version().await.unwrap();
        other.up_and_wait().await;
        project.up_and_wait().await;
    };
    let (created, ()) = tokio::join!(time::timeout(LONG, events.next()), first);
    let created = created.unwrap().unwrap().unwrap();
    assert_eq!(created.action, "create");
    assert_eq!(
        created.attributes["com.docker.compose.project"],
        project.compose.name
    );
    let started = time::timeout(LONG, events.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!((&*started.action, &started.id), ("start", &created.id));
    drop(events);

    // After an interruption it goes on behind the last one.
    let after = EventsQuery {
        after: Some(started.at),
        ..query
    };
    project.engine.kill(&started.id).await.unwrap();
    let mut events = Box::pin(project.engine.events(&after));
    let killed = time::timeout(LONG, events.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(killed.action, "kill");
    assert!(killed.at > started.at);
}

#[tokio::test]
async fn an_engine_is_reached_over_tcp_as_well() {
    let socket = private_docker::common().socket();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut engine = UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut engine).await });
        }
    });
    let endpoint: Endpoint = format!("tcp://{address}").parse().unwrap();
    let mut project = Project::new(&[("idle", IDLE)]).await;
    project.compose.endpoint = endpoint.clone();
    project.up_and_wait().await;
    let engine = Engine::connect(&endpoint).await.unwrap();
    let version = engine.version().await.unwrap();
    assert_eq!(version.os, "linux");
    let containers = engine.containers(&project.selection()).await.unwrap();
    assert_eq!(containers, project.containers().await);
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_told_with_advice() {
    let directory = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Unix(directory.path().join("no.sock"));
    let error = Engine::connect(&endpoint).await.unwrap_err();
    assert!(
        matches!(error, DockerError::Unreachable(_)) && error.is_transient(),
        "{error:?}"
    );
    let readiness = Readiness::check(&endpoint).await;
    assert!(readiness.engine.is_none());
    let finding = &readiness.findings[0];
    assert!(finding.problem.contains("no.sock"), "{finding:?}");
    assert!(finding.advice.contains("apt-get install"), "{finding:?}");
}

#[tokio::test]
async fn an_engine_that_dies_is_told_from_an_absent_container() {
    let mut private = private_docker::Engine::start_another().unwrap();
    let project = Project::on(private.location(), &[("idle", IDLE)]).await;
    project.up_and_wait().await;
    let id = project.container("idle").await.id;
    let waits = project.engine.clone();
    let waiting = tokio::spawn({
        let id = id.clone();
        async move { waits.wait(&id).await }
    });
    private.stop().unwrap();
    let waited = time::timeout(LONG, waiting).await.unwrap().unwrap();
    assert!(
        waited.as_ref().is_err_and(DockerError::is_transient),
        "{waited:?}"
    );
    let listed = project.engine.containers(&project.selection()).await;
    assert!(
        listed.as_ref().is_err_and(DockerError::is_transient),
        "{listed:?}"
    );
    let reaped = project
        .reaper()
        .find("1", docker::ReapScope::default())
        .await;
    assert!(reaped.is_err());
    private.start_again().unwrap();
    let container = project.engine.container(&id).await.unwrap().unwrap();
    assert_eq!(container.state, ContainerState::Exited);
}

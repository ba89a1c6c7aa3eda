//! What containers print: the last lines, all lines, and lines as they come.

use std::time::Duration;

use docker::{
    DockerError,
    compose::Up,
    engine::{ContainerLine, ContainerStream, LogsQuery},
};
use futures_util::{StreamExt, TryStreamExt};
use tokio::time;

use crate::project::{LONG, Project};

/// Prints ten lines on standard output and one on standard error, then one for each file `/tmp/N`.
const TALKER: &str = "image: 'IMAGE', command: [sh, -c, 'for n in $$(seq 10); do echo line $$n; done; \
    echo oops >&2; n=1; while true; do [ -e /tmp/$$n ] && echo more $$n && n=$$((n+1)); sleep 0.02; done']";

fn texts(lines: &[ContainerLine]) -> Vec<String> {
    let text = |line: &ContainerLine| String::from_utf8_lossy(&line.text).into_owned();
    lines.iter().map(text).collect()
}

async fn lines(project: &Project, id: &str, query: &LogsQuery) -> Vec<ContainerLine> {
    let lines = project.engine.logs(id, query).try_collect();
    time::timeout(LONG, lines).await.unwrap().unwrap()
}

/// Follows until the line was printed, so that all before it are there.
async fn until(project: &Project, id: &str, last: &str) {
    let query = LogsQuery {
        follow: true,
        ..LogsQuery::default()
    };
    let mut lines = Box::pin(project.engine.logs(id, &query));
    while let Some(line) = time::timeout(LONG, lines.next()).await.unwrap() {
        if line.unwrap().text == last {
            return;
        }
    }
    panic!("{last} is not printed");
}

#[tokio::test]
async fn each_stream_alone_the_last_lines_and_those_after_a_time() {
    let project = Project::new(&[("talker", TALKER)]).await;
    project.up_and_wait().await;
    let id = project.container("talker").await.id;
    // The engine keeps no order between the two streams.
    until(&project, &id, "line 10").await;
    until(&project, &id, "oops").await;
    let out = LogsQuery {
        only: Some(ContainerStream::Stdout),
        ..LogsQuery::default()
    };
    let out = lines(&project, &id, &out).await;
    assert_eq!((out.len(), &*out[9].text), (10, &b"line 10"[..]));
    let err = LogsQuery {
        only: Some(ContainerStream::Stderr),
        ..LogsQuery::default()
    };
    let err = lines(&project, &id, &err).await;
    assert_eq!(texts(&err), ["oops"]);
    assert_eq!(err[0].stream, ContainerStream::Stderr);
    let all = lines(&project, &id, &LogsQuery::default()).await;
    assert_eq!(all.len(), 11);
    let after = LogsQuery {
        after: all[7].at,
        ..LogsQuery::default()
    };
    let later: Vec<ContainerLine> = all
        .iter()
        .filter(|line| line.at > after.after)
        .cloned()
        .collect();
    assert_eq!(lines(&project, &id, &after).await, later);
    let last = LogsQuery {
        tail: Some(2),
        ..LogsQuery::default()
    };
    assert_eq!(lines(&project, &id, &last).await, all[9..]);
}

#[tokio::test]
async fn lines_are_followed_until_the_container_ends() {
    let project = Project::new(&[("talker", TALKER)]).await;
    project.up_and_wait().await;
    let id = project.container("talker").await.id;
    let query = LogsQuery {
        tail: Some(0),
        follow: true,
        ..LogsQuery::default()
    };
    until(&project, &id, "oops").await;
    let mut followed = Box::pin(project.engine.logs(&id, &query));

    let touch = async |name: &'static str| project.exec(&id, &["touch", name]).await;
    let first = followed.next();
    let (line, _) = tokio::join!(time::timeout(LONG, first), touch("/tmp/1"));
    assert_eq!(line.unwrap().unwrap().unwrap().text, "more 1");
    touch("/tmp/2").await;
    let line = time::timeout(LONG, followed.next()).await.unwrap();
    assert_eq!(line.unwrap().unwrap().text, "more 2");
    project.engine.kill(&id).await.unwrap();
    assert!(
        time::timeout(LONG, followed.next())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_terminal_has_one_stream() {
    let body = "image: 'IMAGE', tty: true, command: [sh, -c, 'echo one; echo two >&2']";
    let project = Project::new(&[("terminal", body)]).await;
    project.up(&Up::default()).await.unwrap();
    let container = project.container("terminal").await;
    assert!(container.terminal);
    project.engine.wait(&container.id).await.unwrap();
    let all = lines(&project, &container.id, &LogsQuery::default()).await;
    assert_eq!(texts(&all), ["one", "two"]);
    assert!(
        all.iter()
            .all(|line| line.stream == ContainerStream::Terminal && line.at.is_some())
    );
}

#[tokio::test]
async fn long_lines_and_odd_bytes_arrive_as_they_are() {
    let body = r"image: 'IMAGE', command: [sh, -c, 'head -c 40000 /dev/zero | tr ''\0'' x; echo; printf ''\377\001\n''']";
    let project = Project::new(&[("odd", body)]).await;
    project.up(&Up::default()).await.unwrap();
    let id = project.container("odd").await.id;
    project.engine.wait(&id).await.unwrap();
    let all = lines(&project, &id, &LogsQuery::default()).await;
    assert_eq!(
        all.len(),
        2,
        "{:?}",
        all.iter().map(|line| line.text.len()).collect::<Vec<_>>()
    );
    assert_eq!(all[0].text, "x".repeat(40_000));
    // The engine keeps text: what is no UTF-8 is replaced there.
    assert_eq!(all[1].text, "\u{fffd}\u{1}");
}

#[tokio::test]
async fn a_container_that_does_not_exist_is_an_error() {
    let project = Project::new(&[]).await;
    let query = LogsQuery::default();
    let mut lines = Box::pin(project.engine.logs("no-such-container", &query));
    let line = time::timeout(Duration::from_secs(20), lines.next())
        .await
        .unwrap();
    assert!(
        matches!(line, Some(Err(DockerError::NotFound(_)))),
        "{line:?}"
    );
}

//! The web service of the tests' image, as a rolling update needs it, reached by the addresses of containers.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use docker::{
    compose::Up,
    engine::{Container, ContainerHealth},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

use crate::project::{LONG, Project};

fn body(version: &str, more: &str) -> String {
    format!(
        "image: '{}', environment: {{VERSION: {version}, {more}}}, healthcheck: {{test: [CMD, \
         /bin/sample, check], interval: 200ms, timeout: 5s, retries: 50}}",
        private_docker::SAMPLE
    )
}

fn address(project: &Project, container: &Container) -> IpAddr {
    container
        .address(&format!("{}_default", project.compose.name))
        .unwrap()
}

async fn get(address: IpAddr, path: &str) -> String {
    let answer = async {
        let mut stream = TcpStream::connect((address, 80)).await?;
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.map(|_| answer)
    };
    let answer = time::timeout(LONG, answer).await.unwrap().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    body.to_owned()
}

async fn version(address: IpAddr) -> String {
    let body: Value = serde_json::from_str(&get(address, "/").await).unwrap();
    body["version"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_version_starts_beside_the_old_one() {
    let project = Project::new(&[("web", &body("one", ""))]).await;
    project.up_and_wait().await;
    let old = project.container("web").await;
    assert_eq!(version(address(&project, &old)).await, "one");
    project.write(&[("web", &body("two", "HEALTHY_AFTER: 1000"))]);
    let beside = Up {
        services: vec!["web".into()],
        no_deps: true,
        no_recreate: true,
        scale: BTreeMap::from([("web".into(), 2)]),
        wait: Some(LONG),
        ..Up::default()
    };
    project.up(&beside).await.unwrap();
    let both = project.containers().await;
    let [same, new] = &both[..] else {
        panic!("{both:?}");
    };
    assert_eq!((&same.id, same.number, new.number), (&old.id, 1, 2));
    assert_eq!(new.health, Some(ContainerHealth::Healthy));
    assert_ne!(same.config_hash, new.config_hash);
    assert_eq!(version(address(&project, same)).await, "one");
    assert_eq!(version(address(&project, new)).await, "two");
}

#[tokio::test]
async fn a_service_that_is_stopped_ends_its_requests_first() {
    let project = Project::new(&[("web", &body("one", ""))]).await;
    project.up_and_wait().await;
    let web = project.container("web").await;
    let address = address(&project, &web);
    let slow = get(address, "/slow/1500");
    let stop = async {
        // The request has arrived once a later one was served.
        version(address).await;
        project.engine.stop(&web.id, Some(LONG)).await.unwrap();
    };
    let (slow, ()) = tokio::join!(slow, stop);
    assert!(slow.contains("/slow/1500"), "{slow}");
    assert_eq!(project.container("web").await.exit_code, Some(0));
}

#[tokio::test]
async fn events_come_one_by_one() {
    let project = Project::new(&[("web", &body("one", ""))]).await;
    project.up_and_wait().await;
    let address = address(&project, &project.container("web").await);
    let mut stream = TcpStream::connect((address, 80)).await.unwrap();
    stream
        .write_all(b"GET /events HTTP/1.1\r\nHost: web\r\n\r\n")
        .await
        .unwrap();
    let mut heard = Vec::new();
    let third = async {
        while !String::from_utf8_lossy(&heard).contains("\"number\":2") {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
        }
    };
    time::timeout(Duration::from_secs(30), third).await.unwrap();
}

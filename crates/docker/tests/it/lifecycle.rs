//! Services come up, are looked at, are stopped and taken down.

use docker::{
    compose::{ComposeProgress, Down},
    engine::{ContainerHealth, ContainerState},
};

use crate::project::Project;

/// Serves its host name over HTTP, and says so to a health check.
pub(crate) const WEB: &str = "image: 'IMAGE', command: [sh, -c, 'mkdir /www; hostname >/www/index.html; \
    exec httpd -f -p 80 -h /www'], healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], \
    interval: 200ms, retries: 20}";

/// Does nothing until it is stopped.
pub(crate) const IDLE: &str = "image: 'IMAGE', command: [sleep, '1000']";

#[tokio::test]
async fn two_services_come_up_healthy_and_go_down() {
    let project = Project::new(&[("web", WEB), ("db", IDLE)]).await;
    project.up_and_wait().await;
    let containers = project.containers().await;
    let [db, web] = &containers[..] else {
        panic!("{containers:?}");
    };
    assert_eq!((&*db.service, db.number, db.health), ("db", 1, None));
    assert_eq!((&*web.service, web.number), ("web", 1));
    assert_eq!(web.health, Some(ContainerHealth::Healthy));
    assert_eq!(web.state, ContainerState::Running);
    assert!(web.is_ready() && db.is_ready());
    assert!(web.exit_code.is_none() && web.started_at.is_some() && web.finished_at.is_none());
    assert_eq!(web.image, private_docker::BUSYBOX);
    let image = project.engine.image(&web.image).await.unwrap().unwrap();
    assert_eq!(web.image_id, image.id);
    assert_eq!(web.config_hash.len(), 64);
    let network = format!("{}_default", project.compose.name);
    assert!(web.address(&network).is_some());
    assert!(project.engine.has_network(&network).await.unwrap());
    {
        let said = project.said.lock().unwrap();
        let healthy = |said: &ComposeProgress| {
            matches!(said, ComposeProgress::Step { id, status, .. }
                if id.ends_with("-web-1") && status == "Healthy")
        };
        assert!(said.iter().any(healthy), "{said:?}");
    }

    let down = Down::default();
    project
        .quietly(async |compose, watch| compose.down(&down, watch).await)
        .await
        .unwrap();
    assert_eq!(project.containers().await, []);
    assert!(!project.engine.has_network(&network).await.unwrap());
}

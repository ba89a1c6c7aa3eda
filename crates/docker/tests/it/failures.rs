//! What a failed deploy is told as: the real tool's and engine's words, and the category that is read from them.

use std::{fs, time::Duration};

use docker::{
    CancellationToken, ComposeError, Endpoint,
    compose::{Up, Watch},
};
use playground::failures::{Diagnosis, FailureCategory, diagnose};

use crate::{
    lifecycle::IDLE,
    project::{LONG, Project},
};

/// Brings it up, which has to fail, and says what that means.
async fn failure(project: &Project) -> Diagnosis {
    let up = Up {
        wait: Some(LONG),
        pull_missing: true,
        ..Up::default()
    };
    let error = project.up(&up).await.unwrap_err();
    let diagnosis = diagnose(&docker::evidence(&error, &project.containers().await));
    assert!(!diagnosis.next_actions.is_empty());
    assert!(!diagnosis.message.starts_with('{'), "{diagnosis:?}");
    diagnosis
}

#[tokio::test]
async fn an_image_that_no_registry_has() {
    // Nothing listens at the address of this machine that the engine sees.
    let gateway = private_docker::common().gateway();
    let body = format!("image: '{gateway}:9/no/image:1'");
    let project = Project::new(&[("web", &body)]).await;
    let diagnosis = failure(&project).await;
    let about_the_image = matches!(
        diagnosis.category,
        FailureCategory::Network | FailureCategory::ImagePullUnknown
    );
    assert!(about_the_image, "{diagnosis:?}");
}

#[tokio::test]
async fn an_image_that_is_not_there_and_may_not_be_pulled() {
    let project = Project::new(&[("web", "image: 'playhouse-test/none:1'")]).await;
    let error = project.up(&Up::default()).await.unwrap_err();
    let diagnosis = diagnose(&docker::evidence(&error, &[]));
    assert_eq!(
        diagnosis.category,
        FailureCategory::ImagePullNotFound,
        "{diagnosis:?}"
    );
}

#[tokio::test]
async fn a_service_that_ends() {
    let body = "image: 'IMAGE', command: [sh, -c, 'echo no database >&2; exit 4']";
    let project = Project::new(&[("web", body), ("db", IDLE)]).await;
    let diagnosis = failure(&project).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::ServiceExit,
        "{diagnosis:?}"
    );
    assert_eq!(diagnosis.failed_service.as_deref(), Some("web"));
    assert_eq!(
        diagnosis.failed_condition.as_deref(),
        Some("exited with code 4")
    );
}

#[tokio::test]
async fn a_service_that_another_one_waits_for_and_that_is_unhealthy() {
    let sick = "image: 'IMAGE', command: [sleep, '1000'], healthcheck: {test: [CMD, sh, -c, \
        'echo sick; exit 1'], interval: 200ms, retries: 1}";
    let waits = "image: 'IMAGE', depends_on: {db: {condition: service_healthy}}";
    let project = Project::new(&[("db", sick), ("web", waits)]).await;
    let diagnosis = failure(&project).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::DependencyUnhealthy,
        "{diagnosis:?}"
    );
    assert_eq!(diagnosis.failed_service.as_deref(), Some("db"));
    let db = project.container("db").await;
    assert_eq!(db.health_output, "sick\n");
}

#[tokio::test]
async fn a_service_that_needs_more_memory_than_it_may_have() {
    let body = "image: 'IMAGE', mem_limit: 8m, memswap_limit: 8m, \
        command: [sh, -c, 'head -c 100000000 /dev/zero | tail']";
    let project = Project::new(&[("hungry", body)]).await;
    let diagnosis = failure(&project).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::ServiceExit,
        "{diagnosis:?}"
    );
    let hungry = project.container("hungry").await;
    assert!(
        hungry.out_of_memory || hungry.exit_code == Some(137),
        "{hungry:?}"
    );
}

#[tokio::test]
async fn a_port_that_is_in_use() {
    let body = "image: 'IMAGE', command: [sleep, '1000'], ports: ['PORT:80']";
    let first = Project::new(&[("web", &body.replace("PORT:", "0:"))]).await;
    first.up_and_wait().await;
    let port = first.published_port("web", 80).await;
    let second = Project::new(&[("web", &body.replace("PORT", &port.to_string()))]).await;
    let diagnosis = failure(&second).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::PortBind,
        "{diagnosis:?}"
    );
}

#[tokio::test]
async fn a_name_that_is_taken() {
    let first = Project::new(&[]).await;
    let body = format!("{IDLE}, container_name: taken-{}", first.compose.name);
    first.write(&[("web", &body)]);
    first.up_and_wait().await;
    let second = Project::new(&[("web", &body)]).await;
    let diagnosis = failure(&second).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::ContainerConflict,
        "{diagnosis:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_invalid() {
    let project = Project::new(&[]).await;
    fs::write(
        &project.compose.files[0],
        "services: {web: {image: x, imagine: y}}",
    )
    .unwrap();
    let diagnosis = failure(&project).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::InvalidCompose,
        "{diagnosis:?}"
    );
    fs::write(&project.compose.files[0], "services: [").unwrap();
    let diagnosis = failure(&project).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::InvalidCompose,
        "{diagnosis:?}"
    );
}

#[tokio::test]
async fn an_engine_that_is_not_there() {
    let mut project = Project::new(&[("web", IDLE)]).await;
    project.compose.endpoint = Endpoint::Unix(project.compose.directory.join("no.sock"));
    let diagnosis = failure(&project).await;
    assert_eq!(
        diagnosis.category,
        FailureCategory::HostInit,
        "{diagnosis:?}"
    );
}

#[tokio::test]
async fn a_time_that_is_over() {
    let body = "image: 'IMAGE', command: [sleep, '1000'], healthcheck: {test: [CMD, 'false'], \
        interval: 1h, start_period: 1h}";
    let project = Project::new(&[("web", body)]).await;
    let cancel = CancellationToken::new();
    let watch = Watch {
        timeout: Duration::from_secs(3),
        cancel: &cancel,
        progress: &mut |_| (),
    };
    let up = Up {
        wait: Some(LONG),
        ..Up::default()
    };
    let error: ComposeError = project.compose.up(&up, watch).await.unwrap_err();
    let evidence = docker::evidence(&error, &project.containers().await);
    assert!(evidence.timed_out);
    assert_eq!(
        diagnose(&evidence).category,
        FailureCategory::Timeout,
        "{evidence:?}"
    );
}

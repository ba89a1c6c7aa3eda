//! The commands of the Compose tool besides `up`.

use std::{collections::BTreeMap, fs};

use docker::{ReapScope, compose::Down, engine::ContainerState};
use serde_json::Value;

use crate::{lifecycle::IDLE, project::Project};

async fn config(
    project: &Project,
    variables: &[(&str, &str)],
    profiles: &[&str],
) -> Result<Value, docker::ComposeError> {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| (String::from(*name), String::from(*value)))
        .collect();
    let profiles: Vec<String> = profiles.iter().map(|name| String::from(*name)).collect();
    project
        .quietly(async |compose, watch| compose.config(&variables, &profiles, watch).await)
        .await
}

#[tokio::test]
async fn a_file_is_resolved_with_the_given_variables_alone() {
    let project = Project::new(&[]).await;
    let text = "
x-common: &common {init: true}
services:
  web:
    <<: *common
    image: x:${TAG:-default}
    ports: ['8080:80']
    environment: {PATH_SEEN: '${PLAYHOUSE_OUTSIDE-unset}', DOLLAR: $$x}
  tools: {image: y, profiles: [debug]}
";
    fs::write(&project.compose.files[0], text).unwrap();
    // No file of variables is read, and nothing of this process's environment is seen.
    fs::write(project.compose.directory.join(".env"), "TAG=from-file\n").unwrap();
    let document = config(&project, &[], &[]).await.unwrap();
    let web = &document["services"]["web"];
    assert_eq!(
        (&web["image"], &web["init"]),
        (&"x:default".into(), &true.into())
    );
    assert_eq!(web["ports"][0]["target"], 80);
    assert_eq!(web["environment"]["PATH_SEEN"], "unset");
    assert_eq!(web["environment"]["DOLLAR"], "$$x");
    assert!(document["services"].get("tools").is_none());
    let document = config(&project, &[("TAG", "a $b 'c'")], &["debug"])
        .await
        .unwrap();
    assert_eq!(document["services"]["web"]["image"], "x:a $$b 'c'");
    assert_eq!(document["services"]["tools"]["image"], "y");

    fs::write(
        &project.compose.files[0],
        "services: {web: {image: '${NEEDED:?set it}'}}",
    )
    .unwrap();
    let error = config(&project, &[], &[]).await.unwrap_err();
    assert!(
        error.lines().iter().any(|line| line.contains("NEEDED")),
        "{error:?}"
    );
}

#[tokio::test]
async fn services_stop_and_start_and_volumes_go_when_they_are_meant() {
    let body = format!("{IDLE}, volumes: ['data:/data']");
    let project = Project::new(&[("web", &body), ("db", IDLE)]).await;
    project.up_and_wait().await;
    let web = project.container("web").await;
    project
        .exec(&web.id, &["sh", "-c", "echo kept >/data/file"])
        .await;
    let names = ["web".to_owned()];
    project
        .quietly(async |compose, watch| compose.stop(&names, watch).await)
        .await
        .unwrap();
    assert_eq!(project.container("web").await.state, ContainerState::Exited);
    assert_eq!(project.container("db").await.state, ContainerState::Running);
    project
        .quietly(async |compose, watch| compose.start(&names, watch).await)
        .await
        .unwrap();
    assert_eq!(project.container("web").await.id, web.id);

    let down = Down::default();
    project
        .quietly(async |compose, watch| compose.down(&down, watch).await)
        .await
        .unwrap();
    let scope = ReapScope {
        volumes: true,
        images: false,
    };
    let left = project.reaper().find("1", scope).await.unwrap();
    assert_eq!((left.containers.len(), left.volumes.len()), (0, 1));
    project.up_and_wait().await;
    let web = project.container("web").await;
    assert_eq!(
        project.exec(&web.id, &["cat", "/data/file"]).await,
        b"kept\n"
    );
    let all = Down {
        volumes: true,
        ..Down::default()
    };
    project
        .quietly(async |compose, watch| compose.down(&all, watch).await)
        .await
        .unwrap();
    assert!(project.reaper().find("1", scope).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_service_that_left_the_file_goes() {
    let project = Project::new(&[("web", IDLE), ("old", IDLE)]).await;
    project.up_and_wait().await;
    project.write(&[("web", IDLE)]);
    let up = docker::compose::Up {
        remove_orphans: true,
        ..docker::compose::Up::default()
    };
    let web = project.container("web").await;
    project.up(&up).await.unwrap();
    let left = project.containers().await;
    assert_eq!(
        left.iter().map(|one| &one.id).collect::<Vec<_>>(),
        [&web.id]
    );
}

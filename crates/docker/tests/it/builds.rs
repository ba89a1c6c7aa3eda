//! Images are built once for each identity.

use std::{collections::BTreeMap, fs, path::Path, sync::Mutex, time::Duration};

use docker::{
    CancellationToken, ChildError, ComposeError, ComposeTool, ReapScope,
    build::{BuildError, BuildIdentity, BuildRequest, BuildWatch, Builder, BuiltImage},
};
use playground::project::{OWNER_LABEL, PLAYGROUND_LABEL};

use crate::project::{LONG, Project};

const DOCKERFILE: &str = "FROM playhouse-test/busybox:1 AS base\nARG WORD\nRUN echo \"built $WORD\" && \
    echo \"$WORD\" >/word\nFROM base AS second\nRUN echo second stage\n";

struct Site {
    project: Project,
    builder: Builder,
    log: Mutex<Vec<String>>,
    places: Mutex<Vec<usize>>,
}

impl Site {
    async fn new(dockerfile: &str) -> Self {
        let project = Project::new(&[]).await;
        let context = project.compose.directory.join("context");
        fs::create_dir(&context).unwrap();
        fs::write(context.join("Dockerfile"), dockerfile).unwrap();
        let tool = ComposeTool::at(project.compose.tool.program())
            .await
            .unwrap();
        Self {
            builder: Builder::new(project.engine.clone(), tool, 1),
            project,
            log: Mutex::default(),
            places: Mutex::default(),
        }
    }

    fn request(&self, word: &str) -> BuildRequest {
        let mark = self.project.owner.mark();
        let labels = [(OWNER_LABEL, mark), (PLAYGROUND_LABEL, "1")];
        BuildRequest {
            identity: BuildIdentity {
                repository: format!("https://example.org/{mark}"),
                service: "web".into(),
                branch: "main".into(),
                commit: "c".into(),
                dockerfile: "Dockerfile".into(),
                dockerfile_digest: "d".into(),
                target: None,
                args: BTreeMap::from([("WORD".into(), word.into())]),
                platform: None,
            },
            context: self.project.compose.directory.join("context"),
            labels: labels.map(|(key, value)| (key.into(), value.into())).into(),
            docker_config: self.project.compose.docker_config.clone(),
            pull: false,
        }
    }

    async fn build(&self, request: &BuildRequest) -> Result<BuiltImage, BuildError> {
        self.build_within(request, LONG, &CancellationToken::new())
            .await
    }

    async fn build_within(
        &self,
        request: &BuildRequest,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<BuiltImage, BuildError> {
        let watch = BuildWatch {
            timeout,
            cancel,
            place: &mut |place| self.places.lock().unwrap().push(place),
            log: &mut |line| self.log.lock().unwrap().push(line.to_owned()),
        };
        self.builder.build(request, watch).await
    }

    fn logged(&self, text: &str) -> bool {
        self.log
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains(text))
    }
}

#[tokio::test]
async fn an_identity_is_built_once() {
    let site = Site::new(DOCKERFILE).await;
    // What looks like a variable is a word.
    let request = site.request("a $WORD $$x");
    let built = site.build(&request).await.unwrap();
    assert!(!built.reused);
    assert_eq!(built.tag, request.identity.tag());
    assert!(
        site.logged("built a $WORD $$x") && site.logged("second stage"),
        "{:?}",
        site.log
    );
    let image = site
        .project
        .engine
        .image(&built.tag)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(image.id, built.id);
    assert_eq!(image.labels["playhouse.build"], request.identity.digest());
    assert_eq!(image.labels[OWNER_LABEL], site.project.owner.mark());

    site.log.lock().unwrap().clear();
    let again = site.build(&request).await.unwrap();
    assert_eq!((again.reused, &again.id), (true, &built.id));
    assert!(site.log.lock().unwrap().is_empty());
    // No registry has its base image: it cannot be built again, and stays.
    let mut newer = request.clone();
    newer.pull = true;
    let kept = site.build(&newer).await.unwrap();
    assert_eq!((kept.reused, &kept.id), (true, &built.id));
    assert!(site.logged("not built again"), "{:?}", site.log);
    let mut staged = site.request("a $WORD $$x");
    staged.identity.target = Some("base".into());
    assert!(!site.build(&staged).await.unwrap().reused);
    assert!(!site.logged("second stage"));
}

#[tokio::test]
async fn two_that_want_the_same_at_once_get_one_build_and_others_wait_in_line() {
    let site = Site::new(DOCKERFILE).await;
    let (one, other) = (site.request("one"), site.request("other"));
    let (first, second, third) =
        tokio::join!(site.build(&one), site.build(&one), site.build(&other));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.id, second.id);
    assert!(first.reused != second.reused);
    assert!(!third.unwrap().reused);
    assert_eq!(*site.places.lock().unwrap(), [1]);
    assert_eq!(site.builder.waiting(), 0);
}

#[tokio::test]
async fn a_build_that_fails_says_why() {
    let site = Site::new("FROM playhouse-test/busybox:1\nRUN echo the reason >&2; exit 9\n").await;
    let error = site.build(&site.request("x")).await.unwrap_err();
    let BuildError::Compose { service, error } = error else {
        panic!("{error:?}");
    };
    assert_eq!(service, "web");
    let said = error.lines().join("\n");
    assert!(
        said.contains("the reason") && said.contains("exit code: 9"),
        "{said}"
    );
    let evidence = docker::evidence(&error, &[]);
    let diagnosis = playground::failures::diagnose(&evidence);
    assert_eq!(
        diagnosis.category,
        playground::failures::FailureCategory::ImageBuild
    );
}

#[tokio::test]
async fn a_build_that_is_given_up_ends_on_the_engine_as_well() {
    let site = Site::new("FROM playhouse-test/busybox:1\nRUN echo begun; sleep 987654\n").await;
    let request = site.request("x");
    let cancel = CancellationToken::new();
    let mut log = |line: &str| {
        if line.contains("begun") && !line.contains("RUN") {
            cancel.cancel();
        }
    };
    let watch = BuildWatch {
        timeout: LONG,
        cancel: &cancel,
        place: &mut |_| (),
        log: &mut log,
    };
    let ended = site.builder.build(&request, watch).await;
    let Err(BuildError::Compose {
        error: ComposeError::Run(error),
        ..
    }) = ended
    else {
        panic!("{ended:?}");
    };
    assert!(matches!(error, ChildError::Cancelled { .. }), "{error:?}");
    tokio::time::timeout(LONG, async {
        while sleeping() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the build ends");
    let ended = site
        .build_within(&request, Duration::from_secs(2), &CancellationToken::new())
        .await;
    let Err(BuildError::Compose {
        error: ComposeError::Run(error),
        ..
    }) = ended
    else {
        panic!("{ended:?}");
    };
    assert!(matches!(error, ChildError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn an_image_goes_with_its_playground_unless_another_one_uses_it() {
    let site = Site::new(DOCKERFILE).await;
    let built = site.build(&site.request("x")).await.unwrap();
    let body = format!("image: '{}', command: [sleep, '1000']", built.tag);
    site.project
        .write(&[("web", &body.replace("'1000'", "'1001'"))]);
    // The labels of this container are another playground's.
    let file = &site.project.compose.files[0];
    let text = fs::read_to_string(file)
        .unwrap()
        .replace("playground: '1'", "playground: '2'");
    fs::write(file, text).unwrap();
    site.project.up_and_wait().await;
    let reaper = site.project.reaper();
    assert_eq!(
        reaper
            .playgrounds(ReapScope {
                volumes: true,
                images: true
            })
            .await
            .unwrap(),
        ["1", "2"]
    );
    let all = ReapScope {
        volumes: true,
        images: true,
    };
    assert!(reaper.remove("1", all).await.unwrap().is_empty());
    assert!(
        site.project
            .engine
            .image(&built.tag)
            .await
            .unwrap()
            .is_some()
    );
    reaper.remove("2", all).await.unwrap();
    assert_eq!(reaper.remove("1", all).await.unwrap().images, [built.id]);
    assert_eq!(
        reaper
            .playgrounds(ReapScope {
                volumes: true,
                images: true
            })
            .await
            .unwrap(),
        [""; 0]
    );
}

/// True while the command of the build runs.
fn sleeping() -> bool {
    fs::read_dir("/proc").unwrap().any(|entry| {
        let path: &Path = &entry.unwrap().path();
        fs::read(path.join("cmdline")).is_ok_and(|line| line.starts_with(b"sleep\x00987654\x00"))
    })
}

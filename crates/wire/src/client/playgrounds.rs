//! The calls of a client that brings up environments.

use futures_util::{Stream, StreamExt};
use http::Method;

use super::{
    Client, Error, Payload,
    jobs::{encode, query},
    sse,
};
use crate::{
    executors::{ServiceLogLine, ServiceStats},
    playgrounds::{
        ChangePlayground, ChangePlayspec, CheckedCompose, ComposeText, EnvMetadataView,
        ExtendExpiration, Extended, GeneratedCompose, NewPlayground, NewPlaygroundBody,
        NewPlayspecBody, OperatePlayground, PlannedRollout, Playground, PlaygroundDebug,
        PlaygroundResult, PlaygroundState, PlaygroundSummary, Playroom, Playspec, PlayspecChange,
        PlayspecSummary, RevisionView, RollBack, ServiceLogs,
    },
};

impl Client {
    /// Makes a playground; answers before it runs. With an idempotency key that may be repeated safely.
    pub async fn create_playground(
        &self,
        new: NewPlayground,
        key: Option<&str>,
    ) -> Result<Playground, Error> {
        let body = NewPlaygroundBody { playground: new };
        self.submit_to("/api/playgrounds", &body, key).await
    }

    /// The playgrounds, newest first.
    pub async fn playgrounds(&self) -> Result<Vec<PlaygroundSummary>, Error> {
        self.fetch("/api/playgrounds").await
    }

    /// One playground, by its id or its name.
    pub async fn playground(&self, id: &str) -> Result<Playground, Error> {
        self.fetch(&path(id, "")).await
    }

    /// How far its last operation is, and how its services are.
    pub async fn playground_state(&self, id: &str) -> Result<PlaygroundState, Error> {
        self.fetch(&path(id, "/status")).await
    }

    /// Changes what is wanted; the next rollout applies it.
    pub async fn change_playground(
        &self,
        id: &str,
        change: &ChangePlayground,
    ) -> Result<Playground, Error> {
        self.answered(Method::PATCH, &path(id, ""), change).await
    }

    /// Begins an operation: `hard_restart`, `stop`, `start` or `rollout`.
    pub async fn operate_playground(
        &self,
        id: &str,
        operation: &str,
        body: OperatePlayground,
    ) -> Result<Playground, Error> {
        let path = path(id, &format!("/{operation}"));
        self.answered(Method::POST, &path, &body).await
    }

    /// Says what a rollout would do.
    pub async fn plan_rollout(&self, id: &str) -> Result<PlannedRollout, Error> {
        self.ask(&path(id, "/rollout?dry_run=1")).await
    }

    /// Goes back to an earlier revision.
    pub async fn roll_back_playground(&self, id: &str, to: RollBack) -> Result<Playground, Error> {
        self.answered(Method::POST, &path(id, "/rollback"), &to)
            .await
    }

    /// What was applied, newest first.
    pub async fn playground_revisions(&self, id: &str) -> Result<Vec<RevisionView>, Error> {
        self.fetch(&path(id, "/revisions")).await
    }

    /// Lets a playground live longer.
    pub async fn extend_playground(&self, id: &str, hours: Option<i64>) -> Result<Extended, Error> {
        let body = ExtendExpiration {
            duration_hours: hours,
        };
        let path = path(id, "/extend_expiration");
        self.answered(Method::POST, &path, &body).await
    }

    /// Begins to remove a playground with all that belongs to it.
    pub async fn destroy_playground(&self, id: &str) -> Result<(), Error> {
        let path = path(id, "");
        self.send(Method::DELETE, &path, Payload::empty())
            .await
            .map(drop)
    }

    /// The Compose document that was generated.
    pub async fn playground_compose(&self, id: &str) -> Result<GeneratedCompose, Error> {
        self.fetch(&path(id, "/compose")).await
    }

    /// Its environment with its sources, of all services or of one.
    pub async fn playground_environment(
        &self,
        id: &str,
        service: Option<&str>,
    ) -> Result<EnvMetadataView, Error> {
        let service = service.map(str::to_owned);
        self.fetch(&query(&path(id, "/env_metadata"), &[("service", service)]))
            .await
    }

    /// What helps to find out why it does not work.
    pub async fn playground_debug(&self, id: &str) -> Result<PlaygroundDebug, Error> {
        self.fetch(&path(id, "/debug")).await
    }

    /// What its services use now.
    pub async fn playground_stats(&self, id: &str) -> Result<Vec<ServiceStats>, Error> {
        self.fetch(&path(id, "/stats")).await
    }

    /// What a playground in job mode came to.
    pub async fn playground_job_result(&self, id: &str) -> Result<PlaygroundResult, Error> {
        self.fetch(&path(id, "/job_result")).await
    }

    /// The last lines of a service.
    pub async fn service_logs(
        &self,
        id: &str,
        service: &str,
        tail: u32,
    ) -> Result<ServiceLogs, Error> {
        self.fetch(&query(
            &logs(id, service),
            &[("tail", Some(tail.to_string()))],
        ))
        .await
    }

    /// The last lines of a service, and all that it prints from then on, until the connection ends.
    pub async fn follow_service_logs(
        &self,
        id: &str,
        service: &str,
        tail: u32,
    ) -> Result<impl Stream<Item = Result<ServiceLogLine, Error>> + Send + use<>, Error> {
        let tail = Some(tail.to_string());
        let follow = Some("1".to_owned());
        let path = query(&logs(id, service), &[("tail", tail), ("follow", follow)]);
        let reply = self.send(Method::GET, &path, Payload::empty()).await?;
        let lines = sse::messages(reply.into_body()).filter_map(|message| async {
            match message {
                Ok(message) if message.event == "line" => {
                    let line = serde_json::from_str(&message.data);
                    Some(line.map_err(|error| Error::Answer(error.to_string())))
                }
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            }
        });
        Ok(lines)
    }

    /// The playspecs.
    pub async fn playspecs(&self) -> Result<Vec<PlayspecSummary>, Error> {
        self.fetch("/api/playspecs").await
    }

    /// One playspec, by its id or its name.
    pub async fn playspec(&self, id: &str) -> Result<Playspec, Error> {
        self.fetch(&playspec(id)).await
    }

    /// Makes a playspec.
    pub async fn create_playspec(&self, new: PlayspecChange) -> Result<Playspec, Error> {
        let body = NewPlayspecBody { playspec: new };
        self.answered(Method::POST, "/api/playspecs", &body).await
    }

    /// Changes a playspec; its playgrounds get that with their next rollout.
    pub async fn change_playspec(
        &self,
        id: &str,
        change: PlayspecChange,
    ) -> Result<Playspec, Error> {
        let body = ChangePlayspec { playspec: change };
        self.answered(Method::PATCH, &playspec(id), &body).await
    }

    /// Deletes a playspec that no playground is made from.
    pub async fn delete_playspec(&self, id: &str) -> Result<(), Error> {
        let path = playspec(id);
        self.send(Method::DELETE, &path, Payload::empty())
            .await
            .map(drop)
    }

    /// Checks a Compose file.
    pub async fn check_compose(&self, text: String) -> Result<CheckedCompose, Error> {
        let body = ComposeText {
            compose_yaml: text,
            ..ComposeText::default()
        };
        self.answered(Method::POST, "/api/playspecs/validate_compose", &body)
            .await
    }

    /// The playrooms.
    pub async fn playrooms(&self) -> Result<Vec<Playroom>, Error> {
        self.fetch("/api/playrooms").await
    }
}

fn path(id: &str, operation: &str) -> String {
    format!("/api/playgrounds/{}{operation}", encode(id))
}

fn playspec(id: &str) -> String {
    format!("/api/playspecs/{}", encode(id))
}

fn logs(id: &str, service: &str) -> String {
    path(id, &format!("/logs/{}", encode(service)))
}

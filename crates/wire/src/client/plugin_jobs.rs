//! The calls of a client that creates and watches plugin jobs.

use futures_util::{Stream, StreamExt};
use http::{Method, Request};

use super::{Client, Error, Payload, jobs::encode, jobs::query, sse};
use crate::plugin_jobs::{Job, JobEvent, JobProgress, JobSummary, NewPluginJob, Plugin};

/// Which plugin jobs to list.
#[derive(Clone, Debug, Default)]
pub struct PluginJobFilter {
    /// Only this status.
    pub status: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Skip so many.
    pub offset: Option<u32>,
}

impl Client {
    /// Creates a plugin job; nothing runs before it is started. With an idempotency key it may be
    /// repeated safely for a day.
    pub async fn create_plugin_job(
        &self,
        job: &NewPluginJob,
        key: Option<&str>,
    ) -> Result<Job, Error> {
        self.submit_to("/playground/jobs", job, key).await
    }

    /// Starts a plugin job, and waits up to so many seconds, at most 60, for its end. Starting it
    /// again changes nothing.
    pub async fn start_plugin_job(&self, id: &str, wait_seconds: u32) -> Result<Job, Error> {
        let wait = (wait_seconds > 0).then(|| wait_seconds.to_string());
        let path = query(&format!("{}/start", path(id)), &[("wait", wait)]);
        self.ask(&path).await
    }

    /// A plugin job as it is now.
    pub async fn plugin_job(&self, id: &str) -> Result<Job, Error> {
        self.fetch(&path(id)).await
    }

    /// How far a plugin job is.
    pub async fn plugin_job_progress(&self, id: &str) -> Result<JobProgress, Error> {
        self.fetch(&format!("{}/progress", path(id))).await
    }

    /// Follows the events of a plugin job, each with its number, until the job has ended. `after` is the
    /// number of the last one that was seen.
    ///
    /// # Errors
    /// See [`Error`]; an error in the stream ends it.
    pub async fn follow_plugin_job(
        &self,
        id: &str,
        after: Option<&str>,
    ) -> Result<impl Stream<Item = Result<(String, JobEvent), Error>> + Send + use<>, Error> {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}/events", path(id)));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let reply = self.send_with(request, Payload::empty()).await?;
        let messages = sse::messages(reply.into_body());
        Ok(messages.filter_map(|message| async {
            match message {
                // The others tell where the reader is.
                Ok(message) if !is_event(&message.event) => None,
                Ok(message) => {
                    let event = serde_json::from_str(&message.data);
                    let event = event.map_err(|error| Error::Answer(error.to_string()));
                    Some(event.map(|event| (message.id, event)))
                }
                Err(error) => Some(Err(error)),
            }
        }))
    }

    /// Plugin jobs, newest first.
    pub async fn plugin_jobs(&self, filter: &PluginJobFilter) -> Result<Vec<JobSummary>, Error> {
        let path = query(
            "/playground/jobs",
            &[
                ("status", filter.status.clone()),
                ("limit", filter.limit.map(|limit| limit.to_string())),
                ("offset", filter.offset.map(|offset| offset.to_string())),
            ],
        );
        self.fetch(&path).await
    }

    /// Cancels a plugin job wherever it stands.
    pub async fn cancel_plugin_job(&self, id: &str) -> Result<Job, Error> {
        self.ask(&format!("{}/cancel", path(id))).await
    }

    /// Deletes a plugin job that does not run.
    pub async fn delete_plugin_job(&self, id: &str) -> Result<(), Error> {
        self.send(Method::DELETE, &path(id), Payload::empty())
            .await
            .map(drop)
    }

    /// The plugins that executors have, in the order of jobs that name none.
    pub async fn plugins(&self) -> Result<Vec<Plugin>, Error> {
        self.fetch("/playground/plugins").await
    }
}

fn is_event(word: &str) -> bool {
    word.starts_with("job") || word.starts_with("plugin")
}

fn path(id: &str) -> String {
    format!("/playground/jobs/{}", encode(id))
}

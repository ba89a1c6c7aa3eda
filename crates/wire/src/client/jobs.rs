//! The calls of a client that submits and watches jobs.

use std::fmt::Write;

use futures_util::{Stream, StreamExt};
use http::{Method, Request};

use super::{Client, Error, Payload, runs::next_cursor, sse};
use crate::jobs::{
    ExecutorInfo, Health, Job, JobSummary, LogEnd, LogText, NewJob, Stats, Stream as Output,
    SubmittedJob, UploadedBinary,
};

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only this status.
    pub status: Option<String>,
    /// Only this type.
    pub job_type: Option<String>,
    /// Only this priority.
    pub priority: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Skip so many.
    pub offset: Option<u32>,
    /// Only with all these labels, each `name=value`.
    pub labels: Vec<String>,
}

/// One message of a followed log.
#[derive(Clone, Debug)]
pub enum LogMessage {
    /// Some output, with the id to resume after.
    Text(String, LogText),
    /// The job ended: nothing follows.
    End(LogEnd),
}

impl Client {
    /// Submits a job. With an idempotency key it may be repeated safely for a day.
    pub async fn submit(&self, job: &NewJob, key: Option<&str>) -> Result<SubmittedJob, Error> {
        self.submit_to("/api/v1/jobs", job, key).await
    }

    /// One job, whole.
    pub async fn job(&self, id: &str) -> Result<Job, Error> {
        self.fetch(&format!("/api/v1/jobs/{}", encode(id))).await
    }

    /// Jobs, newest first. A page of jobs with labels may be short although others follow: then the next one is
    /// asked for, too.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<JobSummary>, Error> {
        let (mut jobs, mut cursor) = (Vec::new(), None);
        loop {
            let labels = filter.labels.iter();
            let labels = labels.map(|label| ("label", Some(label.clone())));
            let limit = filter.limit.map(|limit| limit as usize - jobs.len());
            let others = [
                ("status", filter.status.clone()),
                ("type", filter.job_type.clone()),
                ("priority", filter.priority.clone()),
                ("limit", limit.map(|limit| limit.to_string())),
                ("offset", filter.offset.map(|offset| offset.to_string())),
                ("cursor", cursor),
            ];
            let parameters: Vec<_> = labels.chain(others).collect();
            let path = query("/api/v1/jobs", &parameters);
            let reply = self.send(Method::GET, &path, Payload::empty()).await?;
            cursor = next_cursor(&reply);
            jobs.extend(super::whole::<Vec<JobSummary>>(reply).await?);
            let is_full = filter
                .limit
                .is_none_or(|limit| jobs.len() >= limit as usize);
            if filter.labels.is_empty() || is_full || cursor.is_none() {
                return Ok(jobs);
            }
        }
    }

    /// Cancels a pending job, or asks a running one to stop.
    pub async fn cancel(&self, id: &str) -> Result<Job, Error> {
        self.act(id, "cancel").await
    }

    /// Starts an ended job again.
    pub async fn retry(&self, id: &str) -> Result<Job, Error> {
        self.act(id, "retry").await
    }

    async fn act(&self, id: &str, verb: &str) -> Result<Job, Error> {
        self.ask(&format!("/api/v1/jobs/{}/{verb}", encode(id)))
            .await
    }

    /// What one stream of a job's newest attempt printed so far, as it was printed.
    pub async fn log(&self, id: &str, stream: Output) -> Result<super::ByteStream, Error> {
        let path = format!(
            "/api/v1/jobs/{}/logs?stream={}",
            encode(id),
            stream.as_str()
        );
        Ok(self
            .send(Method::GET, &path, Payload::empty())
            .await?
            .into_body())
    }

    /// What the run at this path printed, live: see [`Client::follow_run`].
    pub(super) async fn follow_output(
        &self,
        run: &str,
        after: Option<&str>,
    ) -> Result<impl Stream<Item = Result<LogMessage, Error>> + Send + use<>, Error> {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(format!("{run}/logs?follow=1"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let reply = self.send_with(request, Payload::empty()).await?;
        Ok(
            sse::messages(reply.into_body()).filter_map(|message| async {
                match message {
                    Ok(message) => log_message(message).transpose(),
                    Err(error) => Some(Err(error)),
                }
            }),
        )
    }

    /// Uploads a program.
    pub async fn upload(&self, program: Payload) -> Result<UploadedBinary, Error> {
        super::whole(self.send(Method::POST, "/api/v1/binaries", program).await?).await
    }

    /// Counts of the whole system.
    pub async fn stats(&self) -> Result<Stats, Error> {
        self.fetch("/api/v1/admin/stats").await
    }

    /// The executors that the server knows.
    pub async fn executors(&self) -> Result<Vec<ExecutorInfo>, Error> {
        self.fetch("/api/v1/admin/executors").await
    }

    /// Whether the server and its database are well.
    pub async fn health(&self) -> Result<Health, Error> {
        self.fetch("/api/v1/health").await
    }
}

fn log_message(message: sse::Message) -> Result<Option<LogMessage>, Error> {
    let wrong = |error: serde_json::Error| Error::Answer(error.to_string());
    Ok(match message.event.as_str() {
        "chunk" => {
            let text = serde_json::from_str(&message.data).map_err(wrong)?;
            Some(LogMessage::Text(message.id, text))
        }
        "end" => Some(LogMessage::End(
            serde_json::from_str(&message.data).map_err(wrong)?,
        )),
        _ => None,
    })
}

/// A path with those parameters that are given.
pub(super) fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut path = format!("{path}?");
    for (name, value) in parameters {
        if let Some(value) = value {
            let _ = write!(path, "{name}={}&", encode(value));
        }
    }
    path.trim_end_matches(['&', '?']).to_owned()
}

/// Percent-encodes everything but the unreserved characters.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

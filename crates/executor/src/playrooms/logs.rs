//! What the services of a playground print.

use std::collections::VecDeque;

use bytes::Bytes;
use docker::{
    Engine, Owner,
    engine::{Container, ContainerLine, ContainerStream, LogsQuery},
};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use wire::{
    client::Payload,
    executors::{LogsQuestion, ServiceLogLine},
};

use super::{DirectoryMark, Playroom};

/// The last lines of a container, at most so many; none when they cannot be read.
pub(crate) async fn tail(engine: &Engine, container: &str, count: usize) -> Vec<String> {
    let query = LogsQuery {
        tail: u32::try_from(count).ok(),
        ..LogsQuery::default()
    };
    let mut lines = VecDeque::new();
    let mut stream = Box::pin(engine.logs(container, &query));
    while let Some(Ok(line)) = stream.next().await {
        if lines.len() == count {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(&line.text).into_owned());
    }
    lines.into()
}

impl Playroom {
    /// Answers a question for lines: one JSON document on each line, by time, and what follows as it comes.
    pub(crate) async fn logs(&self, asked: &LogsQuestion) -> Result<Payload, String> {
        let owner = self.owner_of(asked.id, &asked.project)?;
        let containers = self.containers(&owner, asked.id).await;
        let mut containers = containers.map_err(|error| error.to_string())?;
        containers.retain(|one| {
            asked
                .service
                .as_ref()
                .is_none_or(|name| one.service == *name)
        });
        if containers.is_empty() {
            return Err(match &asked.service {
                Some(name) => format!("the service `{name}` has no container"),
                None => "the playground has no container".to_owned(),
            });
        }
        let mut earlier = self.earlier(asked, &containers).await?;
        earlier.sort_by_key(|(_, line)| line.at);
        let last = earlier.iter().filter_map(|(_, line)| line.at).max();
        let first = stream::iter(
            earlier
                .into_iter()
                .map(|(service, line)| Ok(encode(&service, &line))),
        );
        if !asked.follow {
            return Ok(Payload::Stream(first.boxed()));
        }
        let after = last.or_else(|| since(asked));
        let follow = containers.into_iter().map(|container| {
            let query = LogsQuery {
                after,
                follow: true,
                ..LogsQuery::default()
            };
            let lines = self.engine.logs(&container.id, &query);
            lines.map(move |line| {
                line.map(|line| encode(&container.service, &line))
                    .map_err(std::io::Error::other)
            })
        });
        let follow = stream::select_all(follow.map(StreamExt::boxed));
        Ok(Payload::Stream(first.chain(follow).boxed()))
    }

    /// The last lines of each service.
    async fn earlier(
        &self,
        asked: &LogsQuestion,
        containers: &[Container],
    ) -> Result<Vec<(String, ContainerLine)>, String> {
        let query = LogsQuery {
            tail: Some(asked.tail),
            after: since(asked),
            ..LogsQuery::default()
        };
        let mut earlier = Vec::new();
        for container in containers {
            let mut lines = Box::pin(self.engine.logs(&container.id, &query));
            while let Some(line) = lines.next().await {
                let line = line.map_err(|error| error.to_string())?;
                earlier.push((container.service.clone(), line));
            }
        }
        Ok(earlier)
    }

    /// The owner mark of a playground, from its directory.
    pub(super) fn owner_of(&self, id: i64, project: &str) -> Result<Owner, String> {
        let directory = self.directory(project).map_err(|error| error.to_string())?;
        let mark: Option<DirectoryMark> = directory.mark().map_err(|error| error.to_string())?;
        let mark = mark.filter(|mark| mark.playground == id);
        let owner = mark.and_then(|mark| Owner::new(&mark.owner));
        owner.ok_or_else(|| format!("playground {id} has nothing on this Docker host"))
    }
}

fn since(asked: &LogsQuestion) -> Option<Timestamp> {
    asked
        .since
        .and_then(|at| Timestamp::from_millisecond(at).ok())
}

/// A line as the answer has it.
fn encode(service: &str, line: &ContainerLine) -> Bytes {
    let stream = match line.stream {
        ContainerStream::Stderr => "stderr",
        ContainerStream::Stdout | ContainerStream::Terminal => "stdout",
    };
    let line = ServiceLogLine {
        service: service.to_owned(),
        stream: stream.to_owned(),
        line: String::from_utf8_lossy(&line.text).into_owned(),
        at: line.at.map(|at| at.to_string()),
    };
    // Text has a JSON form.
    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
    bytes.push(b'\n');
    bytes.into()
}

//! What the services of a playground print.

use std::{collections::VecDeque, io, time::Duration};

use bytes::Bytes;
use docker::{
    Engine, Owner, Selection,
    engine::{Container, ContainerLine, ContainerStream, EventsQuery, LogsQuery},
};
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream, SelectAll},
};
use jiff::Timestamp;
use tokio::time::sleep;
use wire::{
    client::Payload,
    executors::{LogsQuestion, ServiceLogLine},
};

use super::{DirectoryMark, Playroom};

/// How long a reader that follows waits for containers in the place of those that ended.
const SUCCESSOR: Duration = Duration::from_secs(15);

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
        let owner = self.owner_of(asked.playground_id, &asked.project)?;
        let containers = self.containers(&owner, asked.playground_id).await;
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
        let follower = LogFollower {
            events: self.starts(&owner, asked.playground_id),
            lines: SelectAll::new(),
            engine: self.engine.clone(),
            service: asked.service.clone(),
        };
        let after = last.or_else(|| since(asked));
        let follow = follower.follow(containers, after);
        Ok(Payload::Stream(first.chain(follow).boxed()))
    }

    /// The containers of a playground that start from now on.
    fn starts(&self, owner: &Owner, id: i64) -> BoxStream<'static, String> {
        let query = EventsQuery {
            selection: Selection::owner(owner).playground(&id.to_string()),
            after: None,
        };
        let started = self.engine.events(&query).filter_map(|event| async {
            event
                .ok()
                .filter(|event| event.action == "start")
                .map(|event| event.id)
        });
        started.boxed()
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

/// Follows containers, and those that take their place.
struct LogFollower {
    events: BoxStream<'static, String>,
    lines: SelectAll<BoxStream<'static, io::Result<Bytes>>>,
    engine: Engine,
    service: Option<String>,
}

impl LogFollower {
    fn follow(
        mut self,
        containers: Vec<Container>,
        after: Option<Timestamp>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send {
        for container in containers {
            self.add(container, after);
        }
        stream::unfold(self, |mut follower| async {
            let next = follower.next().await?;
            Some((next, follower))
        })
    }

    fn add(&mut self, container: Container, after: Option<Timestamp>) {
        let query = LogsQuery {
            after,
            follow: true,
            ..LogsQuery::default()
        };
        let lines = self.engine.logs(&container.id, &query);
        let lines = lines.map(move |line| {
            line.map(|line| encode(&container.service, &line))
                .map_err(io::Error::other)
        });
        self.lines.push(lines.boxed());
    }

    /// The next line; none when all containers have ended and none has taken their place for a while.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let started = tokio::select! {
                Some(line) = self.lines.next(), if !self.lines.is_empty() => return Some(line),
                started = self.events.next() => started?,
                () = sleep(SUCCESSOR), if self.lines.is_empty() => return None,
            };
            let container = match self.engine.container(&started).await {
                Ok(container) => container,
                Err(error) => return Some(Err(io::Error::other(error))),
            };
            let wanted = |one: &Container| {
                self.service
                    .as_ref()
                    .is_none_or(|name| one.service == *name)
            };
            // One that was followed already, and starts again, goes on where it ended.
            let started_at = container.as_ref().and_then(|one| one.started_at);
            if let Some(container) = container.filter(wanted) {
                self.add(container, started_at);
            }
        }
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

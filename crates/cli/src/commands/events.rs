//! `events`.

use std::pin::pin;

use futures_util::StreamExt;
use serde_json::Value;
use wire::{
    client::{Client, Error, EventFilter, EventMessage},
    events::Event,
};

use super::connection::{self, Absence, first_contact};
use crate::{
    args::Events,
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
};

/// Follows the event log until it is stopped.
pub(super) async fn run(events: Events) -> Result<Exit, Failure> {
    let client = connection::open(&events.client.address)?;
    first_contact(&client).await?;
    let mut absence = Absence::new(events.reconnect.reconnect_for);
    let mut follower = Follower {
        filter: EventFilter {
            kind: events.kind,
            run: events.run,
            types: events.types,
        },
        position: events.after,
        json: events.client.format.json,
    };
    loop {
        let error = follower.connection(&client, &mut absence).await?;
        absence.wait(error).await?;
    }
}

struct Follower {
    filter: EventFilter,
    /// Number after which to go on; `None` before the server has said where the log ends.
    position: Option<i64>,
    json: bool,
}

impl Follower {
    /// Prints what comes over one connection; answers why it ended.
    async fn connection(
        &mut self,
        client: &Client,
        absence: &mut Absence,
    ) -> Result<Error, Failure> {
        let messages = match client.follow_events(&self.filter, self.position).await {
            Ok(messages) => messages,
            Err(error) => return Ok(error),
        };
        let mut messages = pin!(messages);
        while let Some(message) = messages.next().await {
            let message = match message {
                Ok(message) => message,
                Err(error) => return Ok(error),
            };
            absence.over();
            match message {
                EventMessage::Event(event) => {
                    self.print(&event)?;
                    self.position = Some(event.seq);
                }
                EventMessage::Position(position) => self.position = Some(position),
                EventMessage::Reset(oldest) => {
                    say(&format!(
                        "playhouse: events before number {oldest} are gone"
                    ));
                    self.position = Some(oldest - 1);
                }
            }
        }
        Ok(Error::Unreachable("the stream ended".to_owned()))
    }

    fn print(&self, event: &Event) -> Result<(), Failure> {
        if self.json {
            return print_json(event);
        }
        let Event {
            seq,
            at,
            event_type,
            ..
        } = event;
        let run = event.run_id.as_deref().unwrap_or("-");
        let name = event.data.get("name").and_then(|name| name.as_str());
        let name = part(event).or(name.map(str::to_owned)).unwrap_or_default();
        let line = format!("{seq:>8}  {at}  {event_type:<27}  {run}  {name}");
        print_line(line.trim_end())
    }
}

/// The part of its run that an event is about.
pub(super) fn part(event: &Event) -> Option<String> {
    let names = ["plugin", "step", "phase", "part"].iter();
    let mut parts = names.filter_map(|name| event.data.get(name)?.as_str());
    let name = parts.next()?;
    Some(match event.data.get("path").and_then(Value::as_str) {
        Some(path) => format!("{path}/{name}"),
        None => name.to_owned(),
    })
}

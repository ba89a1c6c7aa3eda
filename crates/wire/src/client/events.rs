//! Following the event log.

use futures_util::{Stream, StreamExt};
use http::Method;
use serde::Deserialize;

use super::{
    Client, Error, Payload,
    jobs::{encode, query},
    sse,
};
use crate::events::Event;

/// Which events to follow.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only runs of this kind.
    pub kind: Option<String>,
    /// Only this run.
    pub run: Option<String>,
    /// Only these types, separated by commas; each `*` in one stands for anything.
    pub types: Option<String>,
}

/// One message of the followed event log.
#[derive(Clone, Debug)]
pub enum EventMessage {
    /// An event; resume after its `seq`.
    Event(Event),
    /// Everything up to this number was seen or is not wanted: resume after it.
    Position(i64),
    /// Events before this number are gone.
    Reset(i64),
}

#[derive(Deserialize)]
struct Reset {
    oldest: i64,
}

impl Client {
    /// The event log after number `after`, live; without it, what is new. The stream ends when the
    /// connection does, with an error when it broke: call again with the last number.
    pub async fn follow_events(
        &self,
        filter: &EventFilter,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<EventMessage, Error>> + Send + use<>, Error> {
        let path = query(
            "/api/events",
            &[
                ("kind", filter.kind.clone()),
                ("run_id", filter.run.clone()),
                ("types", filter.types.clone()),
                ("after", after.map(|after| after.to_string())),
            ],
        );
        self.follow(&path).await
    }

    /// The events of one run after number `after`, live; without it, all of them. As
    /// [`Client::follow_events`].
    pub async fn follow_run_events(
        &self,
        id: &str,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<EventMessage, Error>> + Send + use<>, Error> {
        let path = format!("/api/runs/{}/events", encode(id));
        let after = after.map(|after| after.to_string());
        self.follow(&query(&path, &[("after", after)])).await
    }

    async fn follow(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<EventMessage, Error>> + Send + use<>, Error> {
        let reply = self.send(Method::GET, path, Payload::empty()).await?;
        Ok(
            sse::messages(reply.into_body()).filter_map(|message| async {
                match message {
                    Ok(message) => event_message(&message).transpose(),
                    Err(error) => Some(Err(error)),
                }
            }),
        )
    }
}

fn event_message(message: &sse::Message) -> Result<Option<EventMessage>, Error> {
    let wrong = |error: serde_json::Error| Error::Answer(error.to_string());
    Ok(match message.event.as_str() {
        "reset" => {
            let Reset { oldest } = serde_json::from_str(&message.data).map_err(wrong)?;
            Some(EventMessage::Reset(oldest))
        }
        // Neither is an event of the log: what counts is the id.
        "" | "resume" => message.id.parse().ok().map(EventMessage::Position),
        _ => {
            let event = serde_json::from_str(&message.data).map_err(wrong)?;
            Some(EventMessage::Event(event))
        }
    })
}

//! What happens to containers, as it happens.

use std::collections::HashMap;

use bollard::{models::EventMessage, query_parameters::EventsOptions};
use futures_util::{Stream, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::Engine;
use crate::{DockerError, Selection};

/// Something that happened to a container.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContainerEvent {
    /// When, by the clock of the engine's host.
    pub at: Timestamp,
    /// The container's id.
    pub id: String,
    /// What: `start`, `die`, `oom`, `destroy`, `health_status: healthy`, …
    pub action: String,
    /// The container's labels, and what belongs to the action, such as `exitCode`.
    pub attributes: HashMap<String, String>,
}

/// Which events are wanted.
#[derive(Clone, Debug)]
pub struct EventsQuery {
    /// Those of containers with these labels.
    pub selection: Selection,
    /// Those after this time first, then what happens.
    pub after: Option<Timestamp>,
}

impl Engine {
    /// The events of containers. It never ends by itself; an error ends it, and the time of the last event
    /// goes on behind it.
    pub fn events(
        &self,
        query: &EventsQuery,
    ) -> impl Stream<Item = Result<ContainerEvent, DockerError>> + Send + use<> {
        let mut filters = query.selection.filters();
        filters.insert("type".into(), vec!["container".into()]);
        let after = query.after;
        let options = EventsOptions {
            since: after.map(|after| fraction(after.as_nanosecond())),
            until: None,
            filters: Some(filters),
        };
        let events = self.api.events(Some(options)).map_err(DockerError::from);
        events.filter_map(move |event| async move {
            match event.map(ContainerEvent::read) {
                // The engine counts the given time in.
                Ok(event) => event
                    .filter(|event| after.is_none_or(|after| event.at > after))
                    .map(Ok),
                Err(error) => Some(Err(error)),
            }
        })
    }
}

impl ContainerEvent {
    fn read(message: EventMessage) -> Option<Self> {
        let actor = message.actor?;
        Some(Self {
            at: Timestamp::from_nanosecond(message.time_nano?.into()).ok()?,
            id: actor.id?,
            action: message.action?,
            attributes: actor.attributes.unwrap_or_default(),
        })
    }
}

/// Seconds with nine decimals, as the engine reads them.
fn fraction(nanoseconds: i128) -> String {
    let second = 1_000_000_000;
    format!(
        "{}.{:09}",
        nanoseconds.div_euclid(second),
        nanoseconds.rem_euclid(second)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_nine_decimals() {
        assert_eq!(fraction(1_000_000_001), "1.000000001");
        assert_eq!(fraction(0), "0.000000000");
    }
}

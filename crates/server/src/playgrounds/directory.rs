//! Which executors reach which playrooms: what those registered that were heard of lately.

use wire::executors::{PlayroomInfo, Registration};

use crate::app::App;

/// A playroom as an executor registered it.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredRoom {
    pub(crate) executor: String,
    pub(crate) info: PlayroomInfo,
}

/// The playrooms that executors reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory(Vec<RegisteredRoom>);

impl Directory {
    /// Reads it.
    pub(crate) async fn read(app: &App) -> Result<Self, store::Error> {
        let since = app.active_since();
        let registered = app
            .store
            .read(move |read| store::executors::registrations(read, since));
        let mut rooms = Vec::new();
        for (executor, registration) in registered.await? {
            // What an older program registered may not be understood any more.
            let Ok(registration) = serde_json::from_slice::<Registration>(&registration) else {
                continue;
            };
            rooms.extend(
                registration
                    .playrooms
                    .into_iter()
                    .map(|info| RegisteredRoom {
                        executor: executor.clone(),
                        info,
                    }),
            );
        }
        Ok(Self(rooms))
    }

    /// Who registered this playroom; those that can use it come first.
    pub(crate) fn of(&self, key: &str) -> Vec<&RegisteredRoom> {
        let mut rooms: Vec<_> = self.0.iter().filter(|room| room.info.name == key).collect();
        rooms.sort_by_key(|room| room.info.error.is_some());
        rooms
    }

    /// An executor that can use this playroom.
    pub(crate) fn executor(&self, key: &str) -> Option<&str> {
        let first = self.of(key).first().copied();
        let usable = first.filter(|room| room.info.error.is_none());
        usable.map(|room| room.executor.as_str())
    }
}

impl Directory {
    /// Why operations in this playroom wait, if they have to wait for more than their turn.
    pub(crate) fn why_it_waits(&self, key: &str) -> Option<String> {
        if self.executor(key).is_some() {
            return None;
        }
        let error = self.of(key).first().and_then(|room| {
            let error = room.info.error.as_ref()?;
            Some(format!("executor `{}`: {error}", room.executor))
        });
        error.or_else(|| {
            Some(format!(
                "no executor reaches the Docker engine of playroom `{key}`: start one there"
            ))
        })
    }
}

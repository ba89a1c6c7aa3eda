//! Playbooks are written: a text is complete on disk, or the old one stays. One is written at a time, so that of
//! two that replace the same text one is told.

use std::{io, sync::Arc};

use tokio::sync::MutexGuard;

use super::{Found, Library, PlaybookPath, folder::Staged, missing, unreadable};
use crate::refusal::Refusal;

/// The right to write, and what is there now.
pub(crate) struct Writing<'a> {
    library: &'a Library,
    path: PlaybookPath,
    pub(crate) current: Option<Arc<Found>>,
    _turn: MutexGuard<'a, ()>,
}

/// A text that is on disk beside the old one.
pub(crate) struct Written(Staged);

impl Library {
    /// Waits for the turn to write a playbook.
    pub(crate) async fn writing(&self, path: PlaybookPath) -> Result<Writing<'_>, Refusal> {
        let turn = self.0.writing.lock().await;
        let current = match self.get(path.clone()).await {
            Ok(found) => Some(found),
            Err(refusal) if refusal.code == Some(super::NOT_FOUND) => None,
            Err(refusal) => return Err(refusal),
        };
        Ok(Writing {
            library: self,
            path,
            current,
            _turn: turn,
        })
    }
}

impl Writing<'_> {
    /// Reads a text as the playbook that it is to be.
    pub(crate) fn read(&self, text: String) -> Found {
        Found::new(self.path.clone(), super::Stamp::default(), text)
    }

    /// Writes a text beside the one that is there.
    pub(crate) async fn stage(&self, text: String) -> Result<Written, Refusal> {
        let path = self.path.clone();
        let staged = move |shared: &super::Shared| {
            let staged = shared.folder.stage(path.as_str(), text.as_bytes());
            staged.map_err(|error| refused(&path, &error))
        };
        self.library.blocking(staged).await.map(Written)
    }

    /// Puts it in the place of what was there.
    pub(crate) async fn place(self, written: Written) -> Result<(), Refusal> {
        let (path, replaces) = (self.path.clone(), self.current.is_some());
        let place = move |_: &super::Shared| {
            let Written(staged) = written;
            staged
                .place(path.as_str(), replaces)
                .map_err(|error| refused(&path, &error))
        };
        self.library.blocking(place).await
    }

    /// Deletes what is there.
    pub(crate) async fn delete(self) -> Result<(), Refusal> {
        let path = self.path.clone();
        let delete = move |shared: &super::Shared| {
            let deleted = shared.folder.delete(&path);
            deleted.map_err(|error| refused(&path, &error))
        };
        self.library.blocking(delete).await
    }

    /// That there is no such playbook.
    pub(crate) fn missing(&self) -> Refusal {
        missing(self.path.as_str())
    }
}

fn refused(path: &PlaybookPath, error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Refusal::bad_request(format!("Playbook '{path}' exists already"))
                .about("path", path.as_str())
        }
        io::ErrorKind::NotFound => missing(path.as_str()),
        _ => unreadable(error),
    }
}

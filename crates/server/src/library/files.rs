//! Files of the library that playbooks name: pinned as blobs when an execution starts.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::File,
    io,
};

use playbook::{NamedFile, beside};
use rustix::fs::OFlags;
use tokio_util::io::ReaderStream;
use wire::jobs::HashedJobFile;

use super::{Library, Shared, path::LibraryPath};
use crate::{app::App, refusal::Refusal};

impl Library {
    /// Stores the files that these playbooks name, by path and text, as they are now.
    pub(crate) async fn pin(
        &self,
        app: &App,
        playbooks: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, HashedJobFile>, Refusal> {
        let mut pinned = BTreeMap::new();
        for (playbook, text) in playbooks {
            // They were read before: this one has no errors. Most name no files.
            let may_name = text.contains("job.run") || text.contains("playground.create");
            let Some(loaded) = may_name.then(|| playbook::parse(text).ok()).flatten() else {
                continue;
            };
            for named in loaded.playbook.files() {
                let path = beside(playbook, &named.path);
                if let Entry::Vacant(place) = pinned.entry(path) {
                    place.insert(self.pin_one(app, playbook, &named).await?);
                }
            }
        }
        Ok(pinned)
    }

    async fn pin_one(
        &self,
        app: &App,
        playbook: &str,
        named: &NamedFile,
    ) -> Result<HashedJobFile, Refusal> {
        let refused = |why: &str| {
            let message = format!(
                "Playbook '{playbook}' cannot be started: step `{}`: the file `{}` {why}",
                named.step, named.path
            );
            Refusal::bad_request(message)
                .about("path", playbook)
                .about("line", named.at.line)
                .about("column", named.at.column)
        };
        let path = LibraryPath::parse(&beside(playbook, &named.path));
        let path = path.map_err(|why| refused(&format!("is not in the library: {why}")))?;
        let opened = self.blocking(move |shared| Ok(open(shared, &path))).await?;
        let file = opened.map_err(|error| refused(&format!("cannot be read: {error}")))?;
        let bytes = ReaderStream::new(tokio::fs::File::from_std(file));
        let sha256 = app.blobs.keep(&app.store, app.now_ms(), bytes).await?;
        Ok(HashedJobFile {
            url: format!("{}/api/v1/binaries/{sha256}", app.public_url),
            sha256: Some(sha256),
        })
    }
}

fn open(shared: &Shared, path: &LibraryPath) -> io::Result<File> {
    let file = File::from(shared.folder.below(path.as_str(), OFlags::RDONLY)?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::NotFound, "it is no file"))
    }
}

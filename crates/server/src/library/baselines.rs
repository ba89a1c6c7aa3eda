//! Pictures that steps compare with: files beside the playbook, in a folder of its name, fit for git.

use std::{
    fs::File,
    io::{self, Read},
};

use bytes::Bytes;
use rustix::fs::OFlags;

use super::{Library, PlaybookPath, path::LibraryPath, unreadable};
use crate::refusal::Refusal;

/// The largest picture, in bytes.
pub(crate) const BASELINE_LIMIT: usize = 16 << 20;

impl Library {
    /// The picture of a playbook under a name, if there is one.
    pub(crate) async fn baseline(
        &self,
        playbook: &PlaybookPath,
        name: &str,
    ) -> Result<Option<Bytes>, Refusal> {
        let path = place(playbook, name)?;
        let read = move |shared: &super::Shared| {
            let read = shared
                .folder
                .below(path.as_str(), OFlags::RDONLY)
                .and_then(|opened| {
                    let mut bytes = Vec::new();
                    let mut file = File::from(opened).take(BASELINE_LIMIT as u64);
                    file.read_to_end(&mut bytes).map(|_| bytes)
                });
            match read {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(unreadable(&error)),
            }
        };
        self.blocking(read).await
    }

    /// Keeps a picture under a name, in place of an earlier one. Answers where it is.
    pub(crate) async fn put_baseline(
        &self,
        playbook: &PlaybookPath,
        name: &str,
        picture: Bytes,
    ) -> Result<String, Refusal> {
        let path = place(playbook, name)?;
        let write = move |shared: &super::Shared| {
            let staged = shared.folder.stage(path.as_str(), &picture);
            let placed = staged.and_then(|staged| staged.place(path.as_str(), true));
            match placed {
                Ok(()) => Ok(path.as_str().to_owned()),
                Err(error) => Err(unreadable(&error)),
            }
        };
        self.blocking(write).await
    }
}

/// `gateway/login.yaml` has its pictures in `gateway/login.baselines/`.
fn place(playbook: &PlaybookPath, name: &str) -> Result<LibraryPath, Refusal> {
    let refused =
        |why: &str| Refusal::field("name", format!("`{name}` cannot name a picture: {why}"));
    if name.contains('/') {
        return Err(refused("it has a slash"));
    }
    let stem = playbook.as_str();
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    LibraryPath::parse(&format!("{stem}.baselines/{name}.png")).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::{PlaybookPath, place};

    #[test]
    fn a_picture_stays_beside_its_playbook() {
        let playbook = PlaybookPath::parse("gateway/login.yaml").expect("a path");
        let found = place(&playbook, "front page").expect("a path");
        assert_eq!(found.as_str(), "gateway/login.baselines/front page.png");
        for outside in ["../x", "a/b", "a\\b", "%2e", ".hidden", "a\0"] {
            assert!(place(&playbook, outside).is_err(), "{outside}");
        }
    }
}

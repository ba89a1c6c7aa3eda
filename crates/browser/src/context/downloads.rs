//! Files that pages download into the context's directory.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::PoisonError,
    time::Duration,
};

use serde::Deserialize;

use super::{BrowserContext, ContextState};
use crate::{cdp::CdpEvent, deadline::Deadline, error::BrowserError};

/// A longer name of a file is cut.
const LONGEST_NAME: usize = 120;

/// A file that was downloaded, or is being downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadedFile {
    /// Where it comes from.
    pub url: String,
    /// What the page proposes to call it. It may hold anything.
    pub suggested_name: String,
    /// Where it is, once it is complete.
    pub path: Option<PathBuf>,
    /// So many bytes were received.
    pub size: u64,
    /// How far it is.
    pub state: DownloadState,
    id: String,
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadState {
    /// Bytes are still expected.
    Running,
    /// The file is there.
    Completed,
    /// It ended without the file: by the page, the server, or because no directory is set.
    Failed {
        /// Why.
        reason: String,
    },
}

#[derive(Default)]
pub(super) struct Downloads {
    files: Vec<DownloadedFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begin {
    frame_id: String,
    guid: String,
    url: String,
    suggested_filename: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DownloadProgress {
    guid: String,
    received_bytes: f64,
    state: String,
}

impl BrowserContext {
    /// All downloads so far, in the order in which they began.
    #[must_use]
    pub fn downloads(&self) -> Vec<DownloadedFile> {
        let downloads = &self.state.downloads;
        let downloads = downloads.lock().unwrap_or_else(PoisonError::into_inner);
        downloads.files.clone()
    }

    /// Waits for the end of the download that began after so many others: take `downloads().len()` before
    /// the action that starts it.
    ///
    /// # Errors
    /// It does not begin or end within the time limit. A download that failed is no error, but a state.
    pub async fn download_after(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<DownloadedFile, BrowserError> {
        let deadline = Deadline::after(limit);
        let found = |state: &ContextState| {
            let downloads = &state.downloads;
            let downloads = downloads.lock().unwrap_or_else(PoisonError::into_inner);
            let file = downloads.files.get(count)?;
            (file.state != DownloadState::Running).then(|| file.clone())
        };
        let waited = self.state.wait(&deadline, "the download", found).await;
        waited.map_err(|error| match (error, self.downloads().get(count)) {
            (BrowserError::Timeout { .. }, Some(file)) => {
                let reason = format!("{} bytes of {} were received", file.size, file.url);
                deadline.passed("the download", reason)
            }
            (error, _) => error,
        })
    }
}

impl ContextState {
    /// Takes what the browser tells of a download, if it is one of this context.
    pub(crate) fn take_download(&self, event: &CdpEvent) {
        let params = event.params.clone();
        if event.method == "Browser.downloadWillBegin" {
            if let Ok(begin) = serde_json::from_value::<Begin>(params)
                && self.has_frame(&begin.frame_id)
            {
                self.begin_download(begin);
            }
        } else if let Ok(progress) = serde_json::from_value::<DownloadProgress>(params) {
            self.progress(&progress);
        }
    }

    fn has_frame(&self, frame: &str) -> bool {
        let pages = self.pages();
        let known = pages.main_frames.contains(frame);
        known || pages.open.iter().any(|page| page.has_frame(frame))
    }

    fn begin_download(&self, begin: Begin) {
        let file = DownloadedFile {
            url: begin.url,
            suggested_name: begin.suggested_filename,
            path: None,
            size: 0,
            state: DownloadState::Running,
            id: begin.guid,
        };
        let mut downloads = self
            .downloads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        downloads.files.push(file);
        drop(downloads);
        self.changed.send_replace(());
    }

    fn progress(&self, progress: &DownloadProgress) {
        let directory = self.options.download_directory.as_deref();
        let mut downloads = self
            .downloads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut files = downloads.files.iter_mut();
        let Some(file) = files.find(|file| file.id == progress.guid) else {
            return;
        };
        // Whole numbers of bytes that JavaScript can count.
        let received = progress.received_bytes as u64;
        file.size = file.size.max(received);
        match (progress.state.as_str(), directory) {
            ("completed", Some(directory)) => match place(directory, file) {
                Ok((path, size)) => {
                    file.path = Some(path);
                    file.size = size;
                    file.state = DownloadState::Completed;
                }
                Err(error) => {
                    let reason = error.to_string();
                    file.state = DownloadState::Failed { reason };
                }
            },
            ("inProgress", _) => {}
            (_, None) => {
                let reason = String::from("the context accepts no downloads");
                file.state = DownloadState::Failed { reason };
            }
            _ => {
                let reason = String::from("it was cancelled");
                file.state = DownloadState::Failed { reason };
            }
        }
        drop(downloads);
        self.changed.send_replace(());
    }
}

/// Gives the file the name that the page proposes, as far as it is one, and that no other file has.
fn place(directory: &Path, file: &DownloadedFile) -> std::io::Result<(PathBuf, u64)> {
    let received = directory.join(&file.id);
    let size = fs::metadata(&received)?.len();
    let name = file_name(&file.suggested_name);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem.to_owned(), format!(".{ending}")),
        _ => (name, String::new()),
    };
    for number in 1..1000 {
        let name = match number {
            1 => format!("{stem}{ending}"),
            _ => format!("{stem}-{number}{ending}"),
        };
        let path = directory.join(name);
        // A hard link fails where the name is taken, also by a link.
        match fs::hard_link(&received, &path) {
            Ok(()) => {
                fs::remove_file(&received)?;
                return Ok((path, size));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok((received, size))
}

/// A name without directories and without what a shell or a file system reads in another way.
fn file_name(suggested: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')');
    let name: String = suggested
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect();
    let name = name.trim_matches(['.', ' ']);
    match name {
        "" => String::from("download"),
        name => String::from(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_name_stays_in_the_directory() {
        assert_eq!(file_name("report 1.pdf"), "report 1.pdf");
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(file_name(".."), "download");
        assert_eq!(file_name("a\0b\nc"), "a_b_c");
    }
}

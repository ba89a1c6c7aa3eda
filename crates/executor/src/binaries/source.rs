//! From where a program is fetched.

use std::collections::BTreeMap;

/// A URL, and what its server is told. Not printable: the headers may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct DownloadSource {
    /// The URL.
    pub url: String,
    /// Headers for the server that the URL names, and for no other that it redirects to.
    pub headers: BTreeMap<String, String>,
}

impl From<&str> for DownloadSource {
    fn from(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            headers: BTreeMap::new(),
        }
    }
}

impl From<&String> for DownloadSource {
    fn from(url: &String) -> Self {
        Self::from(url.as_str())
    }
}

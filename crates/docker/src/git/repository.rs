//! Addresses of repositories.

use std::fmt;

use sha2::{Digest, Sha256};

use super::GitError;
use crate::hex;

/// Which addresses may be used besides `https://` and `ssh://`.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitPolicy {
    /// Plain HTTP, where everyone on the way reads credentials.
    pub http: bool,
    /// Repositories of this machine.
    pub file: bool,
}

/// The address of a repository. It holds no secret.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Repository {
    url: String,
    protocol: &'static str,
}

impl Repository {
    /// Reads an address: `https://host/path`, `ssh://user@host/path`, `user@host:path`.
    ///
    /// # Errors
    /// When the protocol is not allowed, or the address holds a password.
    pub fn parse(text: &str, policy: GitPolicy) -> Result<Self, GitError> {
        let error = |why: &str| Err(GitError::Repository(format!("{}: {why}", shown(text))));
        if text.is_empty() || text.starts_with('-') || text.contains(is_unfit) {
            return error(
                "it is empty, begins with `-`, or holds white space or control characters",
            );
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return match text.split_once(':') {
                Some((host, path))
                    if !host.contains('/') && !host.is_empty() && !path.is_empty() =>
                {
                    let (url, protocol) = (text.to_owned(), "ssh");
                    if path.starts_with(':') {
                        return error("`::` names a helper program; use https:// or ssh://");
                    }
                    Ok(Self { url, protocol })
                }
                _ => error("use https://host/path, ssh://user@host/path or user@host:path"),
            };
        };
        let allowed = [
            ("https", true),
            ("ssh", true),
            ("http", policy.http),
            ("file", policy.file),
        ];
        let known = allowed
            .into_iter()
            .find(|(name, allowed)| *name == scheme && *allowed);
        let Some((protocol, _)) = known else {
            return error("this protocol is not allowed; use https:// or ssh://");
        };
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        if user.is_some_and(|user| protocol != "ssh" || user.contains(':')) {
            return error("credentials do not belong into an address; store them apart from it");
        }
        if protocol != "file" && (authority.is_empty() || authority.starts_with('-')) {
            return error("the host is missing");
        }
        let url = text.to_owned();
        Ok(Self { url, protocol })
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The one protocol that git may use for it.
    pub(super) fn protocol(&self) -> &'static str {
        self.protocol
    }

    /// The part for which credentials are given out: scheme and host.
    pub(super) fn origin(&self) -> Option<String> {
        let (scheme, rest) = self.url.split_once("://")?;
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        matches!(scheme, "http" | "https").then(|| format!("{scheme}://{authority}"))
    }

    /// A name of its own for a directory.
    pub(super) fn directory_name(&self) -> String {
        format!("{}.git", hex(&Sha256::digest(&self.url)[..16]))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)
    }
}

fn is_unfit(c: char) -> bool {
    c.is_control() || c.is_whitespace()
}

/// The address without what may be a password.
fn shown(text: &str) -> String {
    match (text.find("://"), text.find('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}***{}", &text[..scheme + 3], &text[at..])
        }
        _ => text.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_allowed_protocols_are_taken() {
        let parse = |text: &str| Repository::parse(text, GitPolicy::default());
        for text in [
            "https://host/a.git",
            "ssh://git@host:22/a",
            "git@host:a/b.git",
        ] {
            assert_eq!(parse(text).unwrap().url(), text);
        }
        for text in [
            "",
            "-u",
            "--upload-pack=x",
            "file:///a",
            "http://host/a",
            "git://host/a",
            "ext::sh -c x",
            "ext::x",
            "/a",
            "a/b:c",
            "https:///a",
            "ssh://-oProxyCommand=x/a",
            "https://host/a b",
        ] {
            assert!(
                matches!(parse(text), Err(GitError::Repository(_))),
                "{text}"
            );
        }
        let file = GitPolicy {
            file: true,
            ..GitPolicy::default()
        };
        assert!(Repository::parse("file:///a", file).is_ok());
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in [
            "https://me:secret@host/a",
            "https://secret@host/a",
            "ssh://me:secret@host/a",
        ] {
            let error = Repository::parse(text, GitPolicy::default())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("credentials") && !error.contains("secret"),
                "{error}"
            );
        }
    }

    #[test]
    fn credentials_are_for_scheme_and_host() {
        let repository = Repository::parse("https://host:8443/a/b", GitPolicy::default()).unwrap();
        assert_eq!(repository.origin().as_deref(), Some("https://host:8443"));
        let repository = Repository::parse("git@host:a", GitPolicy::default()).unwrap();
        assert_eq!(repository.origin(), None);
    }
}

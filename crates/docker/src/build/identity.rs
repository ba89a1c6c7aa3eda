//! What makes two builds the same.

use std::collections::BTreeMap;

use playground::project::{SERVICE_LABEL, slug};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::hex;

/// The label with the digest of the identity.
pub(super) const IDENTITY_LABEL: &str = "playhouse.build";
/// The label with the commit.
const COMMIT_LABEL: &str = "playhouse.commit";

/// What an image is built from. Two builds with the same identity give the same image, as far as its
/// Dockerfile is reproducible.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct BuildIdentity {
    /// The address of the repository.
    pub repository: String,
    /// The service.
    pub service: String,
    /// The branch.
    pub branch: String,
    /// The id of the commit, which stands for the whole context.
    pub commit: String,
    /// The path of the Dockerfile in the repository.
    pub dockerfile: String,
    /// The SHA-256 of the Dockerfile as it was read, in hexadecimal digits.
    pub dockerfile_digest: String,
    /// The stage; the last one if none.
    pub target: Option<String>,
    /// The arguments.
    pub args: BTreeMap<String, String>,
    /// Such as `linux/arm64`; the engine's own if none.
    pub platform: Option<String>,
}

impl BuildIdentity {
    /// The SHA-256 of everything that counts, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        // JSON keeps apart what would run together in plain text; maps of strings are always written.
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex(&Sha256::digest(text))
    }

    /// The name of the image: the same for the same identity, another one for each other.
    #[must_use]
    pub fn tag(&self) -> String {
        let service = slug(&self.service);
        let service = if service.is_empty() {
            "service"
        } else {
            &service
        };
        format!("playhouse/{service}:{}", &self.digest()[..24])
    }

    /// What the image says of itself.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        BTreeMap::from([
            label(IDENTITY_LABEL, &self.digest()),
            label(COMMIT_LABEL, &self.commit),
            label(SERVICE_LABEL, &self.service),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> BuildIdentity {
        BuildIdentity {
            repository: "https://host/a".into(),
            service: "web".into(),
            branch: "main".into(),
            commit: "1".repeat(40),
            dockerfile: "Dockerfile".into(),
            dockerfile_digest: "2".repeat(64),
            target: None,
            args: BTreeMap::new(),
            platform: None,
        }
    }

    #[test]
    fn each_part_counts() {
        let tag = identity().tag();
        assert!(tag.starts_with("playhouse/web:"), "{tag}");
        let changes: [fn(&mut BuildIdentity); 9] = [
            |one| one.repository.push('x'),
            |one| one.service.push('x'),
            |one| one.branch.push('x'),
            |one| one.commit.push('x'),
            |one| one.dockerfile.push('x'),
            |one| one.dockerfile_digest.push('x'),
            |one| one.target = Some(String::new()),
            |one| drop(one.args.insert("A".into(), "B".into())),
            |one| one.platform = Some("linux/arm64".into()),
        ];
        let mut tags = vec![tag];
        for change in changes {
            let mut changed = identity();
            change(&mut changed);
            tags.push(changed.tag());
        }
        let count = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), count);
    }

    #[test]
    fn a_name_that_no_tag_may_have_still_gives_one() {
        let mut odd = identity();
        odd.service = "__".into();
        assert!(odd.tag().starts_with("playhouse/service:"));
    }
}

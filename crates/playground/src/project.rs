//! Names of what a playground is made of: its Compose project, its volumes, the labels that mark them as ours.

use std::collections::BTreeMap;

/// The playground's id, on everything that belongs to it.
pub const PLAYGROUND_LABEL: &str = "playhouse.playground";
/// The Compose project.
pub const PROJECT_LABEL: &str = "playhouse.project";
/// Which installation made it: nothing with another mark is ours to remove.
pub const OWNER_LABEL: &str = "playhouse.owner";
/// The service, on containers and images.
pub const SERVICE_LABEL: &str = "playhouse.service";

/// The prefix of a volume that outlives its playground.
pub const PERSISTENT_LABEL: &str = "playhouse.persistent";

/// The longest slug.
const SLUG: usize = 40;

/// The Compose project of a playground, `pg-{id}-{slug}`; `pg-{id}` when nothing of the name can stand in one.
#[must_use]
pub fn project_name(id: i64, name: &str) -> String {
    let slug = slug(name);
    if slug.is_empty() {
        format!("pg-{id}")
    } else {
        format!("pg-{id}-{slug}")
    }
}

/// A name in a-z, 0-9 and single `-`, at most 40 characters, with a letter or digit at both ends.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if slug.len() == SLUG {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The prefix of the volumes of a playspec with `persist_volumes`: they outlive the playground.
#[must_use]
pub fn persistent_volume_prefix(playspec_id: i64, playroom_id: i64) -> String {
    format!("pv-{playspec_id}-{playroom_id}")
}

/// The labels that mark what belongs to a playground.
#[must_use]
pub fn marks(id: i64, project: &str, owner: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (PLAYGROUND_LABEL.to_owned(), id.to_string()),
        (PROJECT_LABEL.to_owned(), project.to_owned()),
        (OWNER_LABEL.to_owned(), owner.to_owned()),
    ])
}

/// The labels that mark a volume that outlives its playground. They name no playground: the reaper of a playground
/// must not find them, and the compose tool offers to delete a volume whose labels are not those of its document.
#[must_use]
pub fn persistent_marks(prefix: &str, owner: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (PERSISTENT_LABEL.to_owned(), prefix.to_owned()),
        (OWNER_LABEL.to_owned(), owner.to_owned()),
    ])
}

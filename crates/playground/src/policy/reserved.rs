//! Names that belong to the system: a blueprint uses them neither for its own things nor to reach those of others.

use super::Refusals;

/// Labels by which the playground, the compose tool or another program on the host knows what is its own.
pub(super) fn labels<'l>(
    labels: impl Iterator<Item = (&'l str, &'l str)>,
    place: &str,
    refusals: &mut Refusals<'_>,
) {
    for (key, value) in labels {
        if key.starts_with("playhouse.") || key.starts_with("com.docker.") {
            refusals.add(
                &format!("{place}.{key}"),
                value,
                "remove it: labels with this prefix are set by the system",
            );
        }
    }
}

/// The images that are built for playgrounds have names of their projects: one must not use those of another.
pub(super) fn own_image(key: &str, image: &str, refusals: &mut Refusals<'_>) {
    // The engine takes these prefixes for granted.
    let mut name = image;
    for prefix in ["docker.io/", "index.docker.io/", "library/"] {
        name = name.strip_prefix(prefix).unwrap_or(name);
    }
    let of_a_project = name
        .strip_prefix("pg-")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let of_builds = name
        .strip_prefix("playhouse")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '@']));
    if of_a_project || of_builds {
        let allowed =
            "images whose name does not start with `pg-` and a number or `playhouse/` are allowed";
        refusals.add(key, image, allowed);
    }
}

//! Names of projects and volumes.

use playground::project::{
    OWNER_LABEL, PLAYGROUND_LABEL, PROJECT_LABEL, marks, persistent_volume_prefix, project_name,
    slug,
};
use proptest::prelude::*;

#[test]
fn names_become_slugs() {
    let cases = [
        ("feature-auth", "feature-auth"),
        ("Feature/Auth  2", "feature-auth-2"),
        ("--a__b--", "a-b"),
        ("größe", "gr-e"),
        ("日本", ""),
        ("", ""),
    ];
    for (name, expected) in cases {
        assert_eq!(slug(name), expected, "{name}");
    }
    assert_eq!(slug(&"a".repeat(50)), "a".repeat(40));
    // A cut at a dash leaves none behind.
    assert_eq!(slug(&format!("{}-b", "a".repeat(39))), "a".repeat(39));
}

#[test]
fn projects_and_volumes_have_the_documented_names() {
    assert_eq!(project_name(1, "feature-auth"), "pg-1-feature-auth");
    assert_eq!(project_name(12, "日本"), "pg-12");
    assert_eq!(persistent_volume_prefix(3, 4), "pv-3-4");
    let marks = marks(5, "pg-5-x", "mark");
    assert_eq!(marks[PLAYGROUND_LABEL], "5");
    assert_eq!(marks[PROJECT_LABEL], "pg-5-x");
    assert_eq!(marks[OWNER_LABEL], "mark");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_name_makes_a_project_that_compose_accepts(id in 0..i64::MAX, name in ".{0,80}") {
        let project = project_name(id, &name);
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        prop_assert!(project.chars().all(valid) && !project.ends_with('-'), "{}", project);
        let slug = slug(&name);
        prop_assert!(slug.len() <= 40 && !slug.contains("--"));
    }
}

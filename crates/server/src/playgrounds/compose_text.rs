//! A first look at Compose texts. The compose tool has the last word, at an executor.

use playground::blueprint;
use wire::playgrounds::{CheckedCompose, CheckedService};

use super::FieldErrors;

/// What is wrong with a text.
pub(super) fn note(text: &str, field: &str, errors: &mut FieldErrors) {
    for problem in blueprint::read(text).errors() {
        errors.add(field, problem.to_string());
    }
}

/// What a first look finds.
pub(crate) fn checked(text: &str) -> CheckedCompose {
    let blueprint = blueprint::read(text);
    CheckedCompose {
        valid: blueprint.is_valid(),
        errors: blueprint.errors().map(ToString::to_string).collect(),
        warnings: blueprint.warnings().map(ToString::to_string).collect(),
        services: blueprint
            .services
            .iter()
            .map(|service| CheckedService {
                name: service.name.clone(),
                ports: service.ports.clone(),
            })
            .collect(),
    }
}

//! A first look at a Compose text as its author wrote it, without the compose tool: names, ports and labels of its
//! services, and mistakes with line and column.
//!
//! The compose tool has the last word. What it resolves (`extends`, `include`, variables) is not resolved here, and
//! nothing is refused here that it accepts.

mod keys;
mod problem;
mod read;
pub(crate) mod yaml;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::labels::ServiceLabels;
pub use problem::{BlueprintProblem, TextPosition};
pub use read::read;

/// What a first look at a Compose text finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blueprint {
    /// The services, in the order of the text.
    pub services: Vec<BlueprintService>,
    /// Profiles that services name.
    pub profiles: Vec<String>,
    /// Files that `include` and `extends` name: their services are not among these.
    pub other_files: Vec<String>,
    /// Errors and warnings, in the order of the text.
    pub problems: Vec<BlueprintProblem>,
}

/// A service as it stands in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueprintService {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: TextPosition,
    /// `image`, with its variables.
    pub image: Option<String>,
    /// It has `build`, or labels that say what to build.
    pub builds: bool,
    /// `ports` in the short form (`8080:80/udp`), with their variables.
    pub ports: Vec<String>,
    /// `profiles`.
    pub profiles: Vec<String>,
    /// The names in `depends_on`.
    pub depends_on: Vec<String>,
    /// All labels, with their variables.
    pub labels: BTreeMap<String, String>,
    /// What the labels of the namespace say. `None` when they are wrong, or when variables stand in them.
    pub settings: Option<ServiceLabels>,
}

impl Blueprint {
    /// True when there is no error.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.errors().next().is_none()
    }

    /// What makes the text unusable.
    pub fn errors(&self) -> impl Iterator<Item = &BlueprintProblem> {
        self.problems.iter().filter(|problem| !problem.warning)
    }

    /// What its author should know.
    pub fn warnings(&self) -> impl Iterator<Item = &BlueprintProblem> {
        self.problems.iter().filter(|problem| problem.warning)
    }
}

impl BlueprintService {
    /// A dynamic service is built from a repository, a static one uses an image as it is.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.builds
    }
}

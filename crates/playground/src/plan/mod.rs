//! From the applied document to the wanted one: what happens to each service, in which order, and why.

mod differences;
mod order;
mod rollout;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::compose::ComposeDocument;
pub use order::start_order;
pub use rollout::plan;

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// The generated document that is applied; `None` before the first.
    pub applied: Option<&'a ComposeDocument>,
    /// The generated document that is wanted.
    pub wanted: &'a ComposeDocument,
    /// The ids of the images that run, by service. Without an id the names are compared.
    pub applied_images: &'a BTreeMap<String, String>,
    /// The ids of the images that are wanted, by service.
    pub wanted_images: &'a BTreeMap<String, String>,
    /// The services that the router reaches.
    pub routed: &'a BTreeSet<String>,
    /// The services that ask for no downtime with `zerodowntime`.
    pub zerodowntime: &'a BTreeSet<String>,
}

/// What happens to a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum ServiceChange {
    /// Its containers stay.
    Unchanged,
    /// New containers are started, become healthy and get the requests before the old ones stop.
    StartFirst,
    /// The old containers stop before new ones start: requests wait or fail meanwhile.
    StopFirst {
        /// Why not the other way round.
        because: String,
    },
    /// New containers take the place of the old ones. No request reaches the service through the router.
    Recreate,
    /// Containers are added or removed; the others stay.
    Scale {
        /// How many there are.
        from: u64,
        /// How many there will be.
        to: u64,
    },
    /// It is new.
    Add,
    /// It goes.
    Remove,
}

/// One service of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedService {
    /// The service.
    pub service: String,
    /// What happens to it.
    #[serde(flatten)]
    pub change: ServiceChange,
    /// The keys that differ, such as `image` or `environment.RAILS_ENV`. Values are left out: they may be secret.
    pub reasons: Vec<String>,
}

/// A plan: services in the order in which they are treated, after what they depend on; removals come last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutPlan {
    /// Every service of both documents, once.
    pub services: Vec<PlannedService>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// Services depend on each other in a circle: the names in the order of the circle.
    Cycle(Vec<String>),
    /// A service asks for no downtime and cannot have it.
    ZeroDowntimeImpossible {
        /// The service.
        service: String,
        /// Why not.
        because: String,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(names) => write!(
                f,
                "services depend on each other in a circle: {}; remove one of the dependencies",
                names.join(" -> ")
            ),
            Self::ZeroDowntimeImpossible { service, because } => write!(
                f,
                "service `{service}` has the label `zerodowntime`, but cannot be replaced without downtime: {because}; \
                 change that, or remove the label"
            ),
        }
    }
}

impl std::error::Error for PlanError {}

impl RolloutPlan {
    /// True when nothing has to be done.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let mut services = self.services.iter();
        services.all(|planned| planned.change == ServiceChange::Unchanged)
    }

    /// The way back: what was added goes, what went is added, from the end to the beginning.
    #[must_use]
    pub fn undo(&self) -> Self {
        let services = self.services.iter().rev().map(|planned| PlannedService {
            change: match planned.change.clone() {
                ServiceChange::Add => ServiceChange::Remove,
                ServiceChange::Remove => ServiceChange::Add,
                ServiceChange::Scale { from, to } => ServiceChange::Scale { from: to, to: from },
                same => same,
            },
            ..planned.clone()
        });
        Self {
            services: services.collect(),
        }
    }
}

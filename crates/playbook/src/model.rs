//! A playbook as it is loaded: its parameters and steps.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::Position;

/// A loaded playbook. Steps are shared: what runs holds them without copying.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playbook {
    /// Its name for people.
    pub name: String,
    /// Its version, as text.
    pub version: String,
    /// What it is for; empty when it does not say.
    pub description: String,
    /// Such as `gateway` or `perspective`; not checked.
    pub domain: Option<String>,
    /// The section of the list that it stands in.
    pub group: Option<String>,
    /// Whether its author says that it was verified.
    pub verified: Option<bool>,
    /// Free form: author, tags, and so on.
    pub metadata: Map<String, Value>,
    /// What a caller gives, in order.
    pub parameters: Vec<Parameter>,
    /// What is done, in order. Never empty.
    pub steps: Vec<Arc<Step>>,
    /// What is done at the end, whatever happened, also after a cancel.
    pub finally: Vec<Arc<Step>>,
    /// How long all `finally` steps may take together, in seconds.
    pub finally_timeout_s: f64,
    /// Name and template of what it returns to the caller or to the playbook that runs it.
    pub outputs: Map<String, Value>,
}

/// What a caller of a playbook gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in templates.
    pub name: String,
    /// What its value is.
    pub kind: ParameterKind,
    /// Whether a value must be given when there is no default.
    pub required: bool,
    /// The value when none is given.
    pub default: Option<Value>,
    /// What it is for; empty when it does not say.
    pub description: String,
    /// The only values that are allowed; empty when all are.
    pub options: Vec<Value>,
    /// The least number, or the least length of text and lists.
    pub min: Option<f64>,
    /// The greatest number, or the greatest length of text and lists.
    pub max: Option<f64>,
    /// A regular expression that the whole text has to match.
    pub pattern: Option<String>,
    /// Where it stands.
    pub at: Position,
}

/// The type of a [`Parameter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Float,
    /// True or false.
    Boolean,
    /// The path of a file; not checked.
    File,
    /// The name of a credential in the vault.
    Credential,
    /// A list.
    List,
    /// A map.
    Dict,
    /// Text that is shown nowhere.
    Secret,
}

/// What happens to the execution when a step fails for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFailure {
    /// The execution fails; the steps that remain do not begin.
    #[default]
    Abort,
    /// The next step begins, and the failure is counted.
    Continue,
    /// As `Abort`, and the `rollback` steps of what completed run, last first.
    Rollback,
}

/// How often a step is tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Further tries after the first.
    pub count: u32,
    /// The pause before the second try, in seconds.
    pub delay_s: f64,
    /// Each further pause is so many times the one before.
    pub backoff: f64,
    /// The longest pause, in seconds.
    pub max_delay_s: f64,
}

/// A loop over a step.
#[derive(Clone, Debug, PartialEq)]
pub struct ForEach {
    /// A list, or a template that gives one.
    pub items: Value,
    /// What the item is called in templates, besides `item`.
    pub name: String,
    /// How many items are worked on at once, at least 1.
    pub concurrency: usize,
}

/// One step of a playbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Unique within its playbook.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its type, such as `utility.sleep`; `group` and `parallel` for steps that hold others.
    pub kind: String,
    /// What the step type takes, not rendered.
    pub parameters: Map<String, Value>,
    /// What its failure means.
    pub on_failure: OnFailure,
    /// The limit of one try, in seconds.
    pub timeout_s: f64,
    /// Whether the playbook says so. Else a try may also take as long as its type's own time.
    pub timeout_given: bool,
    /// How often it is tried.
    pub retry: Retry,
    /// A condition: it is skipped when this expression is false.
    pub when: Option<String>,
    /// It is done once for each item.
    pub for_each: Option<ForEach>,
    /// The steps of a `group`, in order, or of a `parallel`, at once.
    pub steps: Vec<Arc<Step>>,
    /// The variable that gets its output.
    pub register: Option<String>,
    /// False when it must not begin again by itself after an interruption.
    pub idempotent: bool,
    /// What undoes it.
    pub rollback: Vec<Arc<Step>>,
    /// Where it stands.
    pub at: Position,
}

impl Playbook {
    /// Every step, with those inside of others, in the order of the text.
    pub fn all_steps(&self) -> impl Iterator<Item = &Arc<Step>> {
        let mut stack: Vec<&Arc<Step>> = self.finally.iter().rev().collect();
        stack.extend(self.steps.iter().rev());
        std::iter::from_fn(move || {
            let step = stack.pop()?;
            stack.extend(step.rollback.iter().rev());
            stack.extend(step.steps.iter().rev());
            Some(step)
        })
    }

    /// Names of the parameters whose values are secrets.
    pub fn secret_parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters_of(ParameterKind::Secret)
    }

    /// Names of the parameters whose values are names of credentials.
    pub fn credential_parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters_of(ParameterKind::Credential)
    }

    fn parameters_of(&self, kind: ParameterKind) -> impl Iterator<Item = &str> {
        let of_kind = self.parameters.iter().filter(move |p| p.kind == kind);
        of_kind.map(|parameter| parameter.name.as_str())
    }
}

impl Retry {
    /// The pause before the next try when `tries` have failed; nothing when no try is left.
    #[must_use]
    pub fn delay_after(&self, tries: u32) -> Option<f64> {
        let factor = || {
            self.backoff
                .powi(i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX))
        };
        (tries <= self.count).then(|| (self.delay_s * factor()).min(self.max_delay_s))
    }
}

impl Step {
    /// Whether it holds other steps, repeats itself or runs another playbook: the journal has parts for
    /// what is inside.
    #[must_use]
    pub fn is_composite(&self) -> bool {
        self.for_each.is_some() || self.holds_steps()
    }

    /// Whether it holds other steps, apart from its loop.
    pub(crate) fn holds_steps(&self) -> bool {
        matches!(self.kind.as_str(), "group" | "parallel" | "playbook.run")
    }
}

macro_rules! words {
    ($type:ident, $($variant:ident = $word:literal),+) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in a playbook.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
words!(
    ParameterKind,
    String = "string",
    Integer = "integer",
    Float = "float",
    Boolean = "boolean",
    File = "file",
    Credential = "credential",
    List = "list",
    Dict = "dict",
    Secret = "secret"
);
words!(
    OnFailure,
    Abort = "abort",
    Continue = "continue",
    Rollback = "rollback"
);

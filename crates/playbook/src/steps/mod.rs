//! The table of step types: what each takes and what it gives. Checks, defaults, the JSON Schema and the
//! documentation come from it.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value};

mod browser;
mod desktop;
mod fat;
mod gateway;
mod http;
mod perspective;
mod playgrounds;
mod runs;
mod utility;

/// A type of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepType {
    /// Its name, such as `utility.sleep`.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// What it takes.
    pub parameters: &'static [StepParameter],
    /// What it gives.
    pub outputs: &'static [StepOutput],
    /// Why it is never performed here, if it is only known so that old playbooks load.
    pub note: Option<&'static str>,
    /// Whether it takes any further parameter.
    pub open: bool,
}

/// A parameter of a step type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepParameter {
    /// Its name.
    pub name: &'static str,
    /// `string`, `integer`, `float`, `boolean`, `list`, `dict`, `any`, `selector` or `file`; `expression` and
    /// `template` are not rendered before the step has them.
    pub kind: &'static str,
    /// Whether the step needs it.
    pub required: bool,
    /// The value when it is not given, as JSON.
    pub default: Option<&'static str>,
    /// What a number counts, such as `s` or `ms`.
    pub unit: Option<&'static str>,
    /// What it is for.
    pub description: &'static str,
    /// The only values that are allowed; empty when all are.
    pub options: &'static [&'static str],
    /// Names that authors use by mistake for it.
    pub(crate) mistakes: &'static [&'static str],
}

/// A field of what a step type gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepOutput {
    /// Its name.
    pub name: &'static str,
    /// Its type, by the words of parameters.
    pub kind: &'static str,
    /// What it is.
    pub description: &'static str,
}

/// All step types, by name.
#[must_use]
pub fn step_types() -> &'static [StepType] {
    &TABLE
}

/// The step type of a name.
#[must_use]
pub fn step_type(name: &str) -> Option<&'static StepType> {
    BY_NAME.get(name).map(|index| &TABLE[*index])
}

/// Adds the defaults of the table to a step's rendered parameters. `null` is the same as nothing.
#[must_use]
pub fn with_defaults(kind: &str, mut rendered: Map<String, Value>) -> Map<String, Value> {
    let parameters = step_type(kind).map_or(&[][..], |step_type| step_type.parameters);
    for parameter in parameters {
        if let Some(default) = parameter.default_value()
            && rendered.get(parameter.name).is_none_or(Value::is_null)
        {
            rendered.insert(parameter.name.to_owned(), default);
        }
    }
    rendered
}

static TABLE: LazyLock<Vec<StepType>> = LazyLock::new(|| {
    let with_connection = gateway::ALL
        .into_iter()
        .flatten()
        .map(|step_type| StepType {
            parameters: Vec::leak([step_type.parameters, gateway::CONNECTION].concat()),
            ..*step_type
        });
    let others = [
        desktop::TYPES,
        fat::TYPES,
        http::TYPES,
        perspective::TYPES,
        playgrounds::TYPES,
        runs::TYPES,
        utility::TYPES,
    ];
    let mut all: Vec<StepType> = others
        .concat()
        .into_iter()
        .chain(browser::ALL.concat())
        .chain(with_connection)
        .collect();
    all.sort_by_key(|step_type| step_type.name);
    all
});

static BY_NAME: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let names = TABLE.iter().enumerate();
    names
        .map(|(index, step_type)| (step_type.name, index))
        .collect()
});

impl StepType {
    /// The part of its name before the dot, or `control` when there is none.
    #[must_use]
    pub fn domain(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or("control", |(domain, _)| domain)
    }

    /// The parameter of a name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static StepParameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    const fn new(
        name: &'static str,
        description: &'static str,
        parameters: &'static [StepParameter],
        outputs: &'static [StepOutput],
    ) -> Self {
        Self {
            name,
            description,
            parameters,
            outputs,
            note: None,
            open: false,
        }
    }

    const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Known, and never performed.
    const fn known(name: &'static str, note: &'static str) -> Self {
        Self {
            note: Some(note),
            ..Self::new(name, "Known so that playbooks that use it load.", &[], &[]).open()
        }
    }
}

impl StepParameter {
    /// The default as a value.
    ///
    /// # Panics
    /// Never: a test reads every default of the table.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        let parse = |json| serde_json::from_str(json).expect("a default of the table is JSON");
        self.default.map(parse)
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    const fn options(mut self, options: &'static [&'static str]) -> Self {
        self.options = options;
        self
    }

    const fn not(mut self, mistakes: &'static [&'static str]) -> Self {
        self.mistakes = mistakes;
        self
    }

    const fn seconds(mut self, default: &'static str) -> Self {
        self.kind = "float";
        self.unit = Some("s");
        self.default(default)
    }

    const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    const fn milliseconds(mut self, default: &'static str) -> Self {
        self.kind = "integer";
        self.unit = Some("ms");
        self.default(default)
    }
}

/// A parameter that is optional and has no default.
const fn takes(name: &'static str, kind: &'static str, description: &'static str) -> StepParameter {
    StepParameter {
        name,
        kind,
        required: false,
        default: None,
        unit: None,
        description,
        options: &[],
        mistakes: &[],
    }
}

/// A field of an output.
const fn gives(name: &'static str, kind: &'static str, description: &'static str) -> StepOutput {
    StepOutput {
        name,
        kind,
        description,
    }
}

//! The parameters of an execution: defaults, types, limits, once, at the start.

use serde_json::{Map, Number, Value};

use crate::{CredentialRef, Parameter, ParameterKind, Playbook};

/// Why a parameter is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterProblem {
    /// Its name.
    pub parameter: String,
    /// What is wrong; it names the parameter, and never a secret's value.
    pub message: String,
}

impl std::fmt::Display for ParameterProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl Playbook {
    /// The parameters of an execution: what was supplied, as the declared types, and defaults. What is
    /// supplied without being declared stays as it is, and templates can refer to it.
    ///
    /// # Errors
    /// All parameters that are missing or do not fit.
    pub fn resolve(
        &self,
        supplied: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Vec<ParameterProblem>> {
        self.resolve_with(supplied, &Map::new())
    }

    /// As [`Self::resolve`], with values for what was not supplied. Only these may be markers
    /// ([`credential_marker`](crate::credential_marker)): a caller must not reach a credential by writing one.
    ///
    /// # Errors
    /// All parameters that are missing or do not fit.
    pub fn resolve_with(
        &self,
        supplied: &Map<String, Value>,
        filled: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Vec<ParameterProblem>> {
        let mut problems = Vec::new();
        let mut refuse = |name: &str, message: String| {
            problems.push(ParameterProblem {
                parameter: name.to_owned(),
                message,
            });
        };
        for (name, _) in supplied
            .iter()
            .filter(|(_, value)| CredentialRef::read(value).is_some())
        {
            refuse(
                name,
                format!("parameter `{name}` must not hold `$credential`"),
            );
        }
        let mut resolved = filled.clone();
        resolved.extend(
            supplied
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        for parameter in &self.parameters {
            let name = &parameter.name;
            match resolved
                .get(name)
                .or(parameter.default.as_ref())
                .map(|value| parameter.coerce(value))
            {
                Some(Ok(value)) => drop(resolved.insert(name.clone(), value)),
                Some(Err(why)) => refuse(name, format!("parameter `{name}` {why}")),
                None if parameter.required => {
                    refuse(name, format!("required parameter `{name}` is missing"));
                }
                None => {}
            }
        }
        if problems.is_empty() {
            Ok(resolved)
        } else {
            Err(problems)
        }
    }
}

impl Parameter {
    /// A value as this parameter's type, within its limits; or why not, as the end of a sentence.
    pub(crate) fn coerce(&self, value: &Value) -> Result<Value, String> {
        // Null is "no value" for a parameter that is not required, and a marker stands for a value that is
        // only known where a step needs it.
        if (value.is_null() && !self.required) || CredentialRef::read(value).is_some() {
            return Ok(value.clone());
        }
        let value = self.kind.coerce(value).ok_or_else(|| {
            let found = self.shown(value);
            format!("must be of type {}, not {found}", self.kind)
        })?;
        if !self.options.is_empty() && !self.options.iter().any(|option| same(option, &value)) {
            let options: Vec<String> = self.options.iter().map(Value::to_string).collect();
            return Err(format!(
                "must be one of {}, not {}",
                options.join(", "),
                self.shown(&value)
            ));
        }
        self.check_limits(&value)?;
        Ok(value)
    }

    fn check_limits(&self, value: &Value) -> Result<(), String> {
        let (size, what) = match value {
            Value::Number(number) => (number.as_f64(), ""),
            Value::String(text) => (length(text.chars().count()), " characters"),
            Value::Array(items) => (length(items.len()), " items"),
            Value::Object(entries) => (length(entries.len()), " entries"),
            Value::Null | Value::Bool(_) => (None, ""),
        };
        if let (Some(size), Some(min)) = (size, self.min)
            && size < min
        {
            return Err(format!(
                "must be at least {min}{what}, not {}",
                self.shown_size(size)
            ));
        }
        if let (Some(size), Some(max)) = (size, self.max)
            && size > max
        {
            return Err(format!(
                "must be at most {max}{what}, not {}",
                self.shown_size(size)
            ));
        }
        let (Some(text), Some(regex)) = (value.as_str(), &self.pattern) else {
            return Ok(());
        };
        // A pattern that is no expression was refused when the playbook was loaded.
        if pattern(regex).is_ok_and(|regex| !regex.is_match(text)) {
            return Err(format!("must match `{regex}`, not {}", self.shown(value)));
        }
        Ok(())
    }

    /// A value in a message: not that of a secret, and not a long one.
    fn shown(&self, value: &Value) -> String {
        if self.kind == ParameterKind::Secret {
            return "the given value".to_owned();
        }
        let text = value.to_string();
        match text.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    fn shown_size(&self, size: f64) -> String {
        if self.kind == ParameterKind::Secret {
            return "so".to_owned();
        }
        size.to_string()
    }
}

impl ParameterKind {
    /// A value as this type, if it can be one.
    fn coerce(self, value: &Value) -> Option<Value> {
        match self {
            Self::String | Self::File | Self::Credential | Self::Secret => {
                text(value).map(Value::String)
            }
            Self::Integer => integer(value).map(Value::Number),
            Self::Float => number(value).and_then(|number| {
                let parsed = Number::from_f64(number).map(Value::Number);
                if value.is_number() {
                    Some(value.clone())
                } else {
                    parsed
                }
            }),
            Self::Boolean => boolean(value).map(Value::Bool),
            Self::List => json(value).filter(Value::is_array),
            Self::Dict => json(value).filter(Value::is_object),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, also as text and as `3.0`.
fn integer(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.clone()),
        Value::Number(number) => {
            let number = number.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            let whole = (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
            whole.map(Number::from)
        }
        Value::String(text) => {
            let text = text.trim();
            let signed = text.parse::<i64>().ok().map(Number::from);
            signed.or_else(|| text.parse::<u64>().ok().map(Number::from))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A finite number, also as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A boolean, also as one of the usual words and as 0 and 1.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    let word = match value {
        Value::Bool(value) => return Some(*value),
        Value::String(text) => text.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    match word.as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A value, or what its text says as JSON.
fn json(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

/// Equal, with 1 and 1.0 being the same.
fn same(one: &Value, other: &Value) -> bool {
    let numbers = one.as_f64().zip(other.as_f64());
    one == other || numbers.is_some_and(|(one, other)| one == other)
}

#[expect(clippy::cast_precision_loss, reason = "nothing is that long")]
fn length(count: usize) -> Option<f64> {
    Some(count as f64)
}

/// A pattern that has to match the whole text.
pub(crate) fn pattern(text: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(1 << 20)
        .build()
}

//! `plugin.toml`: what a plugin is, what it may use and what it measures. Everything in it is known;
//! a word that is not is an error with its line and column.

mod shape;
mod texts;

use std::{fmt, path::Path, sync::Arc};

use serde_json::Value;
use toml::Spanned;

use crate::{limits::Limits, metrics::Metric, schema::Schema};
use shape::{Input, Kind, Shape};

/// The file's name.
pub const FILE: &str = "plugin.toml";

/// How large a manifest, or a schema beside it, may be.
const FILE_BYTES: u64 = 256 << 10;

/// What a plugin's folder says about it.
#[derive(Debug)]
pub struct Manifest {
    /// 1 to 64 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// Any word, such as `1.2.0`.
    pub version: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Plugins run in this order, and by name where it is the same.
    pub order: i64,
    /// Whether a job that names no plugins runs it.
    pub enabled: bool,
    /// What is called.
    pub entry: Entry,
    /// What a call may use.
    pub limits: Limits,
    /// The fields of its metric.
    pub metrics: Vec<Metric>,
    /// The JSON Schema of its input, as it stands in the manifest or beside it.
    pub input_schema: Option<Value>,
    pub(crate) schema: Option<Arc<Schema>>,
    /// Of what the plugin before it left: where that fits, the input does not have to.
    pub(crate) output_schema: Option<Arc<Schema>>,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A component of the world in `wit/plugin.wit`.
    Wasm {
        /// Relative to the folder.
        file: String,
        /// Which hosts it may reach over HTTP: `name` or `name:port`.
        network: Vec<String>,
    },
    /// A program that speaks the process protocol.
    Process {
        /// A word that begins with `./` is a file of the folder, and the program gets its absolute
        /// path. The first word without it is looked up on `PATH`.
        argv: Vec<String>,
    },
}

/// What is wrong with a manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ManifestError {
    /// From 1 on; 0 when it is about the file as a whole.
    pub line: usize,
    /// From 1 on, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{FILE}: {}", self.message),
            line => write!(f, "{FILE}:{line}:{}: {}", self.column, self.message),
        }
    }
}

impl Manifest {
    /// Reads the manifest of a plugin's folder, and the schema beside it.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let text = text(&folder.join(FILE)).map_err(whole)?;
        let shape = Shape::parse(&text)?;
        let entry = shape.entry(&text)?;
        Self::assemble(&text, shape, entry, Some(folder))
    }

    /// Reads the manifest of a plugin that a program of ours serves: it has no `entry`, is of kind
    /// `process`, and its schemas stand in it.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn shipped(text: &str, argv: Vec<String>) -> Result<Self, ManifestError> {
        let shape = Shape::parse(text)?;
        if let Some(entry) = &shape.entry {
            return Err(place(text, entry, "a shipped plugin has no entry"));
        }
        if *shape.kind.get_ref() != Kind::Process {
            return Err(place(text, &shape.kind, "a shipped plugin is a process"));
        }
        Self::assemble(text, shape, Entry::Process { argv }, None)
    }

    fn assemble(
        text: &str,
        shape: Shape,
        entry: Entry,
        folder: Option<&Path>,
    ) -> Result<Self, ManifestError> {
        let limits = shape.limits(text)?;
        let (mut input_schema, mut schema, mut output_schema) = (None, None, None);
        if let Some(Input {
            schema: of_input,
            output_schema: of_output,
        }) = &shape.input
        {
            if let Some(at) = of_input {
                let (document, compiled) = compiled(text, "input", at, folder)?;
                (input_schema, schema) = (Some(document), Some(compiled));
            }
            if let Some(at) = of_output {
                if schema.is_none() {
                    let message = "without a schema of the input every input is taken";
                    return Err(place(text, at, message));
                }
                output_schema = Some(compiled(text, "output", at, folder)?.1);
            }
        }
        let metrics = shape.metrics(text)?;
        Ok(Self {
            name: shape.name.0,
            version: shape.version.0,
            description: shape.description.0,
            order: shape.order,
            enabled: shape.enabled,
            entry,
            limits,
            metrics,
            input_schema,
            schema,
            output_schema,
        })
    }
}

/// A schema that stands in the manifest or, where there is a folder, in a file of it.
fn compiled(
    text: &str,
    of: &str,
    at: &Spanned<toml::Value>,
    folder: Option<&Path>,
) -> Result<(Value, Arc<Schema>), ManifestError> {
    let document = match (at.get_ref().as_str(), folder) {
        (Some(file), Some(folder)) => beside(folder, file),
        (Some(_), None) => Err(String::from("the schema of a shipped plugin is a table")),
        (None, _) => serde_json::to_value(at.get_ref()).map_err(|error| error.to_string()),
    };
    let document = document.map_err(|message| place(text, at, message))?;
    let wrong = |message| place(text, at, format!("the {of}'s schema: {message}"));
    let schema = Schema::new(&document).map_err(wrong)?;
    Ok((document, Arc::new(schema)))
}

/// Reads a file of the folder as JSON.
fn beside(folder: &Path, file: &str) -> Result<Value, String> {
    if !is_inside(file) {
        return Err(format!("{file} is no path inside the folder"));
    }
    let text = text(&folder.join(file))?;
    serde_json::from_str(&text).map_err(|error| format!("{file} is no JSON: {error}"))
}

/// A file that is there, is small enough, and is UTF-8.
fn text(path: &Path) -> Result<String, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let length = match std::fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Err(format!("{name} is no file")),
        Err(error) => return Err(format!("{name} cannot be read: {error}")),
    };
    if length > FILE_BYTES {
        return Err(format!("{name} has {length} bytes, at most {FILE_BYTES}"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("{name} cannot be read: {error}"))
}

/// True for a relative path that stays where it begins.
pub(crate) fn is_inside(path: &str) -> bool {
    use std::path::Component::{CurDir, Normal};
    !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Normal(_) | CurDir))
}

fn whole(message: impl Into<String>) -> ManifestError {
    ManifestError {
        line: 0,
        column: 0,
        message: message.into(),
    }
}

fn place<T>(text: &str, at: &Spanned<T>, message: impl Into<String>) -> ManifestError {
    placed(text, at.span().start, message)
}

fn placed(text: &str, offset: usize, message: impl Into<String>) -> ManifestError {
    let before = &text[..text.floor_char_boundary(offset)];
    let line = before.rsplit('\n').next().unwrap_or_default();
    ManifestError {
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
        message: message.into(),
    }
}

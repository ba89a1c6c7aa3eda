//! `utility.template`.

use serde_json::{Map, Value};

use super::artifact;
use crate::attempt::execution::call::{Done, Left, StepCall};

/// The text is rendered, as every parameter is.
pub(super) async fn keep(call: &StepCall<'_>) -> Done {
    let rendered = call.parameters.text("template")?;
    let mut output = Map::new();
    if let Some(file) = call.parameters.optional_text("file") {
        artifact::keep(call, &file, rendered.clone().into()).await?;
        output.insert("file".to_owned(), file.into());
    }
    output.insert("text".to_owned(), rendered.into());
    Ok(Left::output(Value::Object(output)))
}

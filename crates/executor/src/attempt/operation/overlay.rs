//! What is laid over the blueprint: where services are built that come from repositories, and how.

use std::{collections::BTreeMap, path::PathBuf};

use playground::variables;
use serde_json::{Map, Value, json};

use super::{
    context::{Operation, on_disk},
    error::OperationError,
    sources::Sources,
};

impl Operation<'_> {
    /// A Compose file that says where services are built that come from repositories, which the blueprint need
    /// not, and what the playground sets of builds.
    pub(super) async fn write_contexts(&self, given: &Sources) -> Result<PathBuf, OperationError> {
        let mut builds: BTreeMap<&String, Map<String, Value>> = BTreeMap::new();
        for (name, checkout) in &given.checkouts {
            let context = checkout.files.to_string_lossy().into_owned();
            let build = builds.entry(name).or_default();
            build.insert("context".to_owned(), context.into());
        }
        for (name, own) in &self.input.sources.build_overrides {
            let mut own = own.clone();
            if let (Some(checkout), Some(Value::String(context))) =
                (given.checkouts.get(name), own.get_mut("context"))
            {
                *context = checkout
                    .files
                    .join(&*context)
                    .to_string_lossy()
                    .into_owned();
            }
            builds.entry(name).or_default().extend(own);
        }
        let services = builds.into_iter().map(|(name, build)| {
            let mut build = Value::Object(build);
            literal(&mut build);
            (name.clone(), json!({ "build": build }))
        });
        let services: Map<String, Value> = services.collect();
        let (directory, file) = (self.directory.clone(), self.directory.contexts());
        let (written, text) = (file.clone(), json!({ "services": services }).to_string());
        let write = move || directory.put(&written, &text);
        on_disk("the playground's directory", write).await?;
        Ok(file)
    }
}

/// Has the compose tool take every text as it is.
fn literal(value: &mut Value) {
    match value {
        Value::String(text) => *text = variables::escape(text),
        Value::Array(items) => items.iter_mut().for_each(literal),
        Value::Object(fields) => fields.values_mut().for_each(literal),
        _ => {}
    }
}

//! What is secret in the input of a job: the stored input has it sealed, and only who claims the job gets it open.

use engine::RunId;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wire::executors::JobSecrets;

use super::Sealer;

/// The field of an input that has what is sealed.
const SEALED: &str = "sealed_secrets";

impl Sealer {
    /// The input of a job, with its secrets sealed in it.
    pub(crate) fn seal_input(&self, id: RunId, input: &[u8], secrets: &JobSecrets) -> Vec<u8> {
        // Texts have a JSON form, and so has a checked job.
        let secrets = serde_json::to_vec(secrets).unwrap_or_default();
        let mut input: Map<String, Value> = serde_json::from_slice(input).unwrap_or_default();
        let sealed = self.seal_text(&input_name(id), &secrets);
        input.insert(SEALED.to_owned(), sealed.into());
        serde_json::to_vec(&input).unwrap_or_default()
    }

    /// An input with its secrets where they belong, and listed; nothing when they cannot be opened.
    pub(crate) fn open_input(&self, id: RunId, input: &[u8]) -> Option<Vec<u8>> {
        let mut input: Map<String, Value> = serde_json::from_slice(input).ok()?;
        let sealed = input.remove(SEALED)?;
        let opened = self.open_text(&input_name(id), sealed.as_str()?)?;
        let secrets: JobSecrets = serde_json::from_slice(&opened).ok()?;
        let listed = secrets.values().collect::<Vec<_>>();
        input.insert("secrets".to_owned(), json!(listed));
        let variables = input.entry("env_variables").or_insert_with(|| json!({}));
        let variables = variables.as_object_mut()?;
        variables.extend(
            secrets
                .env_variables
                .into_iter()
                .map(|(k, v)| (k, v.into())),
        );
        for (name, value) in secrets.binary_headers {
            input
                .get_mut("binary_headers")?
                .as_object_mut()?
                .insert(name, value.into());
        }
        for (place, argument) in secrets.arguments {
            *input.get_mut("arguments")?.get_mut(place)? = argument.into();
        }
        serde_json::to_vec(&input).ok()
    }
}

/// Whether something is sealed in an input. Most have nothing, and are not parsed to see that.
pub(crate) fn has_sealed(input: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Input {
        sealed_secrets: Option<String>,
    }
    const FIELD: &[u8] = br#""sealed_secrets":""#;
    input.windows(FIELD.len()).any(|part| part == FIELD)
        && serde_json::from_slice::<Input>(input).is_ok_and(|input| input.sealed_secrets.is_some())
}

/// No credential has such a name: what is sealed for a run opens for no other.
fn input_name(id: RunId) -> String {
    format!("@input {id}")
}

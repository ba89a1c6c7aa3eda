//! `playground.rollout`.

use serde_json::json;
use wire::{
    executors::{PlaygroundRequest, RolloutRequest},
    playgrounds::IdOrName,
};

use super::{done, judged, named, operated, output, services, without_secrets};
use crate::attempt::execution::call::{Done, StepCall, StepEnd, text};

pub(in super::super) async fn rollout(call: &StepCall<'_>) -> Done {
    let request = PlaygroundRequest::Rollout(Box::new(request(call)?));
    let (asked, operation) = operated(call, request).await?;
    let playground = asked.playground.as_ref();
    let (left, mut output) = judged("the rollout", &operation, playground, output(playground))?;
    output.insert("plan".to_owned(), left.plan);
    done(output)
}

fn request(call: &StepCall<'_>) -> Result<RolloutRequest, StepEnd> {
    let parameters = &call.parameters;
    let env = parameters.get("env").and_then(|env| env.as_object());
    let env = env.into_iter().flatten();
    let request = RolloutRequest {
        playground: named(call)?,
        playspec: parameters
            .optional_text("playspec")
            .filter(|text| !text.is_empty())
            .map(IdOrName),
        env: env
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        services: services(call)?,
        variables: super::variables(call)?,
    };
    let mut kept = request.clone();
    kept.env.clear();
    for service in kept.services.values_mut() {
        service.env_vars.clear();
    }
    without_secrets(call, &json!(kept))?;
    Ok(request)
}

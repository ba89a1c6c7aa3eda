//! `playground debug`.

use super::{connection, show};
use crate::{
    args::DebugArgs,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(wanted: &DebugArgs) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.client.address)?;
    if wanted.compose {
        let compose = client.playground_compose(&wanted.id).await?;
        let none = || Failure::new(Exit::NOT_FOUND, "no Compose file was generated yet");
        let text = compose.compose_yaml.ok_or_else(none)?;
        print_bytes(text.as_bytes())?;
        return Ok(Exit::OK);
    }
    let debug = client.playground_debug(&wanted.id).await?;
    if wanted.client.format.json {
        print_json(&debug)?;
        return Ok(Exit::OK);
    }
    let mut phases = Table::new(&["PHASE", "STATUS", "STARTED", "ENDED"]);
    for phase in &debug.creation_steps {
        phases.row([
            phase.label.clone(),
            phase.status.clone(),
            phase.started_at.to_string(),
            or_dash(phase.completed_at),
        ]);
    }
    let mut services = Table::new(&["SERVICE", "STATUS", "HEALTH", "EXIT", "IMAGE"]);
    for service in &debug.services {
        services.row([
            service.name.clone(),
            service.status.clone(),
            or_dash(service.health.clone()),
            or_dash(service.exit_code),
            or_dash(service.image.clone()),
        ]);
    }
    let head = format!("{} ({})\n", debug.compose_project, debug.status);
    let text = format!("{head}\n{}\n{}", phases.text(), services.text());
    print_bytes(text.as_bytes())?;
    for warning in &debug.warnings {
        say(&format!("warning: {}", plain(warning)));
    }
    show::say_failure(None, debug.failure.as_ref());
    Ok(Exit::OK)
}

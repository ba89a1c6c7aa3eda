//! `playbook show`.

use crate::{
    args::OnePlaybook,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(show: OnePlaybook) -> Result<Exit, Failure> {
    let found = connection::open(&show.address)?
        .playbook(&show.path)
        .await?;
    if show.format.json {
        print_json(&found)?;
        return Ok(Exit::OK);
    }
    let playbook = found.summary;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let fields = Table::of_fields([
        ("path", Some(playbook.path.clone())),
        ("name", Some(playbook.name.clone())),
        ("version", Some(playbook.version.clone())),
        ("domain", playbook.domain.clone()),
        ("description", filled(&playbook.description)),
        (
            "revision",
            Some(playbook.revision.chars().take(12).collect()),
        ),
    ]);
    let mut text = fields.text();
    if !playbook.parameters.is_empty() {
        let mut table = Table::new(&["PARAMETER", "TYPE", "DEFAULT", "DESCRIPTION"]);
        for parameter in playbook.parameters {
            let default = match parameter.default {
                Some(default) => default.to_string(),
                None if parameter.required => "(required)".to_owned(),
                None => or_dash(None::<String>),
            };
            table.row([
                parameter.name,
                parameter.kind,
                default,
                parameter.description,
            ]);
        }
        text.push('\n');
        text.push_str(&table.text());
    }
    let mut table = Table::new(&["STEP", "TYPE", "TIMEOUT", "NAME"]);
    for step in playbook.steps {
        table.row([step.id, step.kind, format!("{} s", step.timeout), step.name]);
    }
    text.push('\n');
    text.push_str(&table.text());
    print_bytes(text.as_bytes())?;
    for warning in found.warnings {
        say(&plain(&super::check::line(&warning)));
    }
    Ok(Exit::OK)
}

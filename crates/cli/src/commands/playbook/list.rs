//! `playbook list`.

use crate::{
    args::{Address, Format},
    commands::connection,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(address: &Address, format: Format) -> Result<Exit, Failure> {
    let list = connection::open(address)?.playbooks().await?;
    if format.json {
        print_json(&list)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["PATH", "NAME", "VERSION", "STEPS", "DOMAIN"]);
    for playbook in list.playbooks {
        table.row([
            playbook.path,
            playbook.name,
            playbook.version,
            playbook.step_count.to_string(),
            or_dash(playbook.domain),
        ]);
    }
    print_bytes(table.text().as_bytes())?;
    for problem in list.problems {
        say(&plain(&super::check::line(&problem)));
    }
    Ok(Exit::OK)
}

//! `playbook new`.

use std::{fs::OpenOptions, io::Write};

use crate::{
    args::NewPlaybook,
    exit::{Exit, Failure},
    output::{print_bytes, say},
};

const TEXT: &str = include_str!("new.yaml");

pub(super) fn run(new: &NewPlaybook) -> Result<Exit, Failure> {
    let Some(file) = &new.file else {
        let schema = serde_json::to_string_pretty(&playbook::schema());
        let schema = schema.map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?;
        print_bytes(format!("{schema}\n").as_bytes())?;
        return Ok(Exit::OK);
    };
    let shown = file.display();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut made| made.write_all(TEXT.as_bytes()))
        .map_err(|error| Failure::io(format!("cannot write {shown}"), &error))?;
    say(&format!(
        "{shown} is written. Check it with `playhouse playbook check {shown}`."
    ));
    Ok(Exit::OK)
}

//! `backup`.

use super::{place, serving};
use crate::{
    args::Backup,
    exit::{Exit, Failure},
    output::say,
};

pub(super) fn run(backup: &Backup) -> Result<Exit, Failure> {
    if backup.place.database_url.is_some() {
        return Err(
            Failure::usage("the jobs are in PostgreSQL, not in the data directory")
                .hint("Back it up with PostgreSQL's own tools, such as pg_dump."),
        );
    }
    let data_dir = match &backup.place.data_dir {
        Some(data_dir) => data_dir.clone(),
        None => place::data_dir()?,
    };
    if backup.file.exists() {
        return Err(
            Failure::new(Exit::IO, format!("{} exists", backup.file.display()))
                .hint("Choose another name: nothing is written over."),
        );
    }
    server::backup(&data_dir, &backup.file).map_err(|error| serving::failure(&error))?;
    say(&format!(
        "copied the database of {} to {}",
        data_dir.display(),
        backup.file.display()
    ));
    Ok(Exit::OK)
}

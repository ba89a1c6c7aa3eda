//! A look at a database before a server starts on it. It changes nothing.

use crate::{
    Error, Location,
    driver::args,
    location::connect_visitor,
    migrate::{known_version, version},
};

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Version of the database program, such as `15.18`.
    pub program_version: String,
    /// Version of the schema; 0 when there is none yet.
    pub schema: i64,
    /// The version to which opening it brings the schema.
    pub known: i64,
}

/// Connects as [`crate::Store::open`] does, and looks whether that could open the database. It waits
/// for the database, so it must not be called on a thread of an asynchronous runtime.
///
/// # Errors
/// Those of opening: the database cannot be reached, does not let us in, or is newer.
pub fn inspect(location: &Location) -> Result<Condition, Error> {
    const QUERY: &str = "SELECT {program_version}, CAST({has_schema} AS BIGINT),
        CAST({may_create} AS BIGINT)";
    let mut connection = connect_visitor(location)?;
    connection.begin_read()?;
    let row = connection.tx().first(QUERY, args![], |row| {
        Ok((row.text(0)?, row.int(1)? == 1, row.int(2)? == 1))
    })?;
    let (program, has_schema, may_create) = row.unwrap_or_default();
    let schema = if has_schema {
        version(&mut connection)?
    } else {
        0
    };
    connection.roll_back();
    let known = known_version();
    if schema > known {
        let found = schema;
        return Err(Error::Newer { found, known });
    }
    if schema < known && !may_create {
        let reason = "the user may not create tables in it";
        return Err(Error::Denied(reason.to_owned()));
    }
    // Distributions add their own numbers.
    let program_version = program.split(' ').next().unwrap_or_default().to_owned();
    Ok(Condition {
        program_version,
        schema,
        known,
    })
}

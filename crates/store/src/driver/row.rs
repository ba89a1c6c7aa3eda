//! One row on its way out of a query.

use engine::RunId;

use crate::Error;

/// A row of either database. Columns are counted from 0.
pub(crate) enum Row<'row> {
    Sqlite(&'row rusqlite::Row<'row>),
    Postgres(&'row tokio_postgres::Row),
}

impl Row<'_> {
    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        self.get(column)
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>, Error> {
        self.get(column)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, Error> {
        self.get(column)
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<String>, Error> {
        self.get(column)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, Error> {
        self.get(column)
    }

    pub(crate) fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, Error> {
        self.get(column)
    }

    pub(crate) fn run_id(&self, column: usize) -> Result<RunId, Error> {
        run_id(&self.bytes(column)?)
    }

    pub(crate) fn opt_run_id(&self, column: usize) -> Result<Option<RunId>, Error> {
        self.opt_bytes(column)?
            .map(|bytes| run_id(&bytes))
            .transpose()
    }

    /// A word of one of the engine's closed sets.
    pub(crate) fn name<T: std::str::FromStr<Err = engine::UnknownName>>(
        &self,
        column: usize,
    ) -> Result<T, Error> {
        self.text(column)?
            .parse()
            .map_err(|error| Error::Corrupt(format!("{error}")))
    }

    fn get<T>(&self, column: usize) -> Result<T, Error>
    where
        T: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a>,
    {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(unreadable),
            Self::Postgres(row) => row.try_get(column).map_err(unreadable),
        }
    }
}

/// The row is there, but a value in it is not of the column's kind.
fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Corrupt(error.to_string())
}

fn run_id(bytes: &[u8]) -> Result<RunId, Error> {
    let bytes = bytes
        .try_into()
        .map_err(|_| Error::Corrupt("a run id of wrong length".to_owned()))?;
    Ok(RunId::from_bytes(bytes))
}

//! Values, fragments and errors as PostgreSQL has them.

use tokio_postgres::{
    error::SqlState,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::{
    Error,
    driver::{Value, fill},
};

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Bytes(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // `NULL` fits everywhere; a wrong type is refused by the server.
        true
    }

    to_sql_checked!();
}

/// Fills in the fragments.
pub(in crate::driver) fn translate(sql: &str) -> String {
    fill(sql, |fragment| fragment.2)
}

/// What the server says; when it said nothing, what the driver says with its reason.
pub(super) fn told(error: &tokio_postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return answer.to_string();
    }
    match std::error::Error::source(error) {
        Some(reason) => format!("{error}: {reason}"),
        None => error.to_string(),
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = told(&error);
        match error.code() {
            None => Self::Unavailable(text),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                Self::Conflict(text)
            }
            Some(code) if code.code().starts_with("23") => Self::Constraint(text),
            // A wrong password, an unknown user, a right that is missing.
            Some(code) if code.code().starts_with("28") || code.code() == "42501" => {
                Self::Denied(text)
            }
            Some(&SqlState::INVALID_CATALOG_NAME) => Self::Missing(text),
            // Out of resources, shutting down, connection trouble.
            Some(code) if ["53", "57", "08"].contains(&&code.code()[..2]) => {
                Self::Unavailable(text)
            }
            Some(_) => Self::Database(text),
        }
    }
}

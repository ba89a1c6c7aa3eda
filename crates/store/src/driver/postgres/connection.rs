//! One connection on one thread, requests pipelined.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Statement, types::ToSql};

use super::{address::Address, commit::Mark, dialect::translate};
use crate::{
    Error,
    driver::{Row, Value},
};

/// A transaction whose server has gone away does not keep others waiting for long.
const SETTINGS: &str = "SET default_transaction_isolation = 'read committed';
    SET idle_in_transaction_session_timeout = '60s'";

/// A connection, with its prepared statements. It connects again when it was lost.
pub(crate) struct PostgresConnection {
    address: Address,
    runtime: Runtime,
    pub(super) session: Option<Session>,
    pub(super) mark: Option<Mark>,
}

pub(super) struct Session {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl PostgresConnection {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        let address = Address::parse(url)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let mut connection = Self {
            address,
            runtime,
            session: None,
            mark: None,
        };
        connection.session()?;
        Ok(connection)
    }

    /// The session, new if the last one was lost. Only a transaction's start may renew it.
    pub(super) fn session(&mut self) -> Result<&mut Session, Error> {
        if self
            .session
            .as_ref()
            .is_none_or(|session| session.client.is_closed())
        {
            let address = &self.address;
            let client = self.runtime.block_on(async {
                let (client, connection) = address.connect().await?;
                tokio::spawn(connection);
                client.batch_execute(SETTINGS).await?;
                Ok::<_, tokio_postgres::Error>(client)
            })?;
            self.session = Some(Session {
                client,
                statements: HashMap::new(),
            });
        }
        self.current()
    }

    fn current(&mut self) -> Result<&mut Session, Error> {
        self.session
            .as_mut()
            .ok_or_else(|| Error::Unavailable("the connection to PostgreSQL is lost".to_owned()))
    }

    pub(in crate::driver) fn begin(&mut self) -> Result<(), Error> {
        self.start("BEGIN")
    }

    pub(in crate::driver) fn begin_read(&mut self) -> Result<(), Error> {
        self.start("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn start(&mut self, begin: &str) -> Result<(), Error> {
        self.session()?;
        match self.batch(begin) {
            // The connection was lost while it was idle. Nothing was begun, so this is no
            // repetition.
            Err(Error::Unavailable(_)) => {
                self.session = None;
                self.session()?;
                self.batch(begin)
            }
            result => result,
        }
    }

    pub(in crate::driver) fn is_connected(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| !session.client.is_closed())
    }

    pub(in crate::driver) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let Some(session) = &self.session else {
            return Err(Error::Unavailable(
                "the connection to PostgreSQL is lost".to_owned(),
            ));
        };
        self.runtime
            .block_on(session.client.batch_execute(sql))
            .map_err(Error::from)
    }

    pub(in crate::driver) fn roll_back(&mut self) {
        if self.batch("ROLLBACK").is_err() {
            // The server ends the transaction of a connection that is gone.
            self.session = None;
        }
    }

    pub(in crate::driver) fn exec_many<'a, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
    ) -> Result<u64, Error> {
        self.pipelined(sql, rows, &async |client, statement, args| {
            client.execute(statement, args).await
        })
        .map(|changed| changed.into_iter().sum())
    }

    pub(in crate::driver) fn all_many<'a, T, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
        read: &impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Vec<T>>, Error> {
        let found = self.pipelined(sql, rows, &async |client, statement, args| {
            client.query(statement, args).await
        })?;
        found
            .iter()
            .map(|rows| rows.iter().map(|row| read(&Row::Postgres(row))).collect())
            .collect()
    }

    /// Sends the statement once for each row of values without waiting in between.
    fn pipelined<'a, T, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
        send: &impl AsyncFn(
            &Client,
            &Statement,
            &[&(dyn ToSql + Sync)],
        ) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>, Error> {
        let Some(Session { client, statements }) = &mut self.session else {
            return Err(Error::Unavailable(
                "the connection to PostgreSQL is lost".to_owned(),
            ));
        };
        self.runtime.block_on(async {
            let statement = if let Some(statement) = statements.get(sql) {
                statement.clone()
            } else {
                let statement = client.prepare(&translate(sql)).await?;
                statements.insert(sql, statement.clone());
                statement
            };
            let (client, statement, send) = (&*client, &statement, send);
            let sent = rows.iter().map(|args| async move {
                let args: Vec<&(dyn ToSql + Sync)> =
                    args.as_ref().iter().map(|value| value as _).collect();
                send(client, statement, &args).await
            });
            Ok(try_join_all(sent).await?)
        })
    }

    pub(in crate::driver) fn plan(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
    ) -> Result<String, Error> {
        let explain = format!("EXPLAIN {}", translate(sql));
        let Some(session) = &self.session else {
            return Err(Error::Unavailable(
                "the connection to PostgreSQL is lost".to_owned(),
            ));
        };
        let args: Vec<&(dyn ToSql + Sync)> = args.iter().map(|value| value as _).collect();
        let rows = self
            .runtime
            .block_on(session.client.query(&explain, &args))?;
        let lines = rows.iter().map(|row| row.try_get::<_, String>(0));
        Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
    }
}

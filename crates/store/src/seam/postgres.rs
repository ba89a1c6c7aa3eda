//! The PostgreSQL side of the seam: one connection on one thread, requests pipelined.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures_util::{future::try_join_all, stream::StreamExt};
use tokio::runtime::Runtime;
use tokio_postgres::{
    AsyncMessage, Client, Config, NoTls, Statement,
    error::SqlState,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use super::{Committed, Row, Value, fill};
use crate::Error;

/// Name of the channel that servers tell each other of commits on.
const CHANNEL: &str = "playhouse";

/// How long to ask what became of a commit.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// A transaction whose server has gone away does not keep others waiting for long.
const SETTINGS: &str = "SET default_transaction_isolation = 'read committed';
    SET idle_in_transaction_session_timeout = '60s'";

/// A connection, with its prepared statements. It connects anew when it was lost.
pub(crate) struct PostgresConnection {
    config: Config,
    runtime: Runtime,
    session: Option<Session>,
    mark: Option<Mark>,
}

/// The row of one writer, which each of its commits changes: when the answer to a commit is lost,
/// the row says what became of it. (A transaction's own number does not: after a crash the server
/// gives it to another one.)
struct Mark {
    name: String,
    batch: i64,
}

struct Session {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl PostgresConnection {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        let config = configuration(url)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let mut connection = Self {
            config,
            runtime,
            session: None,
            mark: None,
        };
        connection.session()?;
        Ok(connection)
    }

    /// Makes the row of this writer. Nobody else has its name.
    pub(super) fn enrol(&mut self, name: String) -> Result<(), Error> {
        const ENROL: &str = "INSERT INTO writers (name, batch) VALUES ($1, 0)";
        self.exec_many(ENROL, &[[Value::Text(&name)]])?;
        self.mark = Some(Mark { name, batch: 0 });
        Ok(())
    }

    /// The session, new if the last one was lost. Only a transaction's start may renew it.
    fn session(&mut self) -> Result<&mut Session, Error> {
        if self
            .session
            .as_ref()
            .is_none_or(|session| session.client.is_closed())
        {
            let config = &self.config;
            let client = self.runtime.block_on(async {
                let (client, connection) = config.connect(NoTls).await?;
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

    pub(super) fn begin(&mut self) -> Result<(), Error> {
        self.start("BEGIN")
    }

    pub(super) fn begin_read(&mut self) -> Result<(), Error> {
        self.start("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn start(&mut self, begin: &str) -> Result<(), Error> {
        self.session()?;
        match self.batch(begin) {
            // The connection was lost while nobody used it. Nothing was begun, so this is no
            // repetition.
            Err(Error::Unavailable(_)) => {
                self.session = None;
                self.session()?;
                self.batch(begin)
            }
            result => result,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| !session.client.is_closed())
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let Some(session) = &self.session else {
            return Err(Error::Unavailable(
                "the connection to PostgreSQL is lost".to_owned(),
            ));
        };
        self.runtime
            .block_on(session.client.batch_execute(sql))
            .map_err(Error::from)
    }

    pub(super) fn roll_back(&mut self) {
        if self.batch("ROLLBACK").is_err() {
            // The server ends the transaction of a connection that is gone.
            self.session = None;
        }
    }

    /// Commits. When the answer is lost the writer's row tells what became of it, so that nothing is
    /// done twice. Without a notice nothing happened that may not be done twice.
    pub(super) fn commit(&mut self, notice: Option<&str>) -> Committed {
        if let Some(Err(error)) = notice.map(|notice| self.notify(notice)) {
            self.roll_back();
            return Committed::No(error);
        }
        match self.batch("COMMIT") {
            Ok(()) => Committed::Yes,
            Err(error) if error.is_fatal() && notice.is_some() => self.settle(error),
            Err(error) => {
                self.roll_back();
                Committed::No(error)
            }
        }
    }

    /// Tells other servers, and changes the writer's row.
    fn notify(&mut self, notice: &str) -> Result<(), Error> {
        const NOTIFY: &str = "WITH mark AS (UPDATE writers SET batch = $4 WHERE name = $3)
            SELECT 1 FROM pg_notify($1, $2)";
        let Some(mark) = &mut self.mark else {
            return Ok(());
        };
        mark.batch += 1;
        let (name, batch) = (mark.name.clone(), mark.batch);
        let args = [
            CHANNEL.into(),
            notice.into(),
            name.as_str().into(),
            batch.into(),
        ];
        self.all_many(NOTIFY, &[args], &|_| Ok(())).map(drop)
    }

    /// Asks, until the server is back, what became of the last commit.
    fn settle(&mut self, lost: Error) -> Committed {
        // While the old connection still holds the row, its transaction is not over.
        const BATCH: &str = "SELECT batch FROM writers WHERE name = $1 FOR UPDATE";
        let Some(Mark { name, batch }) = &self.mark else {
            return Committed::No(lost);
        };
        let (name, batch) = (name.clone(), *batch);
        let begun = Instant::now();
        while begun.elapsed() < SETTLE_LIMIT {
            self.session = None;
            let found = self.session().map(drop).and_then(|()| {
                self.batch("SET lock_timeout = '1s'")?;
                self.all_many(BATCH, &[[Value::Text(&name)]], &|row: &Row<'_>| row.int(0))
            });
            if let Ok(rows) = found {
                self.session = None;
                let committed = rows.into_iter().flatten().any(|found| found == batch);
                return if committed {
                    Committed::Yes
                } else {
                    Committed::No(lost)
                };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Committed::No(Error::Unknown(lost.to_string()))
    }

    pub(super) fn exec_many<'a, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
    ) -> Result<u64, Error> {
        self.pipelined(sql, rows, &async |client, statement, args| {
            client.execute(statement, args).await
        })
        .map(|changed| changed.into_iter().sum())
    }

    pub(super) fn all_many<'a, T, A: AsRef<[Value<'a>]>>(
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

    pub(super) fn plan(&mut self, sql: &str, args: &[Value<'_>]) -> Result<String, Error> {
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

impl Drop for PostgresConnection {
    /// A writer that ends in peace takes its row along.
    fn drop(&mut self) {
        const LEAVE: &str = "DELETE FROM writers WHERE name = $1";
        if let Some(Mark { name, .. }) = self.mark.take()
            && self.is_connected()
            && let Err(error) = self.exec_many(LEAVE, &[[Value::Text(&name)]])
        {
            tracing::debug!(%error, "a writer's row was left behind");
        }
    }
}

/// Hears what other servers have committed.
pub(crate) struct Listener {
    config: Config,
}

impl Listener {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            config: configuration(url)?,
        })
    }

    /// Calls `heard` with each notice until the connection is lost, and once it listens with the
    /// number of the newest event: what happened before that must be looked up.
    pub(crate) async fn listen(
        &self,
        mut heard: impl FnMut(Result<&str, i64>),
    ) -> Result<(), Error> {
        let (client, mut connection) = self.config.connect(NoTls).await?;
        let messages =
            futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        futures_util::pin_mut!(messages);
        let start = async {
            client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
            client
                .query_one("SELECT newest FROM event_head WHERE id = 1", &[])
                .await
        };
        futures_util::pin_mut!(start);
        let mut started = false;
        loop {
            tokio::select! {
                result = &mut start, if !started => {
                    let newest = result?.try_get(0)?;
                    started = true;
                    heard(Err(newest));
                }
                message = messages.next() => match message {
                    Some(Ok(AsyncMessage::Notification(notice))) => heard(Ok(notice.payload())),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => return Err(Error::Unavailable("the listener was cut off".to_owned())),
                }
            }
        }
    }
}

fn configuration(url: &str) -> Result<Config, Error> {
    let mut config: Config = url
        .parse()
        .map_err(|error| Error::Unavailable(format!("the database URL: {error}")))?;
    config
        .connect_timeout(Duration::from_secs(5))
        .application_name("playhouse");
    Ok(config)
}

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
pub(super) fn translate(sql: &str) -> String {
    fill(sql, |fragment| fragment.2)
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = error
            .as_db_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        match error.code() {
            None => Self::Unavailable(text),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                Self::Conflict(text)
            }
            Some(code) if code.code().starts_with("23") => Self::Constraint(text),
            // Out of resources, shutting down, connection trouble.
            Some(code) if ["53", "57", "08"].contains(&&code.code()[..2]) => {
                Self::Unavailable(text)
            }
            Some(_) => Self::Database(text),
        }
    }
}

//! A database in the tests' PostgreSQL, gone when it is dropped.

/// Where the tests' PostgreSQL is.
const URL: &str = "PLAYHOUSE_TEST_POSTGRES_URL";

/// A database that nobody else uses.
pub(crate) struct Database {
    admin: String,
    name: String,
    url: String,
}

impl Database {
    #[expect(
        clippy::disallowed_methods,
        reason = "`cargo xtask test` says where PostgreSQL is"
    )]
    pub(crate) fn create() -> Self {
        let admin = std::env::var(URL)
            .unwrap_or_else(|_| panic!("{URL} is not set: run the tests by `cargo xtask test`"));
        let name = format!("cli_{}", uuid::Uuid::new_v4().simple());
        execute(&admin, &format!("CREATE DATABASE {name}"));
        let (server, _) = admin.rsplit_once('/').expect("the URL names a database");
        let url = format!("{server}/{name}");
        Self { admin, name, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        execute(
            &self.admin,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

fn execute(url: &str, sql: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .expect("the tests' PostgreSQL answers");
        let connection = tokio::spawn(connection);
        client
            .batch_execute(sql)
            .await
            .expect("the statement succeeds");
        drop(client);
        connection
            .await
            .expect("no panic")
            .expect("the connection ends in order");
    });
}

//! A database in the tests' PostgreSQL, gone when it is dropped.

/// A database that nobody else uses.
pub(crate) struct Database {
    admin: String,
    name: String,
    url: String,
}

impl Database {
    pub(crate) fn create() -> Self {
        let admin = private_postgres::common_url();
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

/// Each test on both databases: it gets the arguments of a server that name its database.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test(&[]); })+
        }
        mod postgres {
            $(#[test] fn $test() {
                let database = $crate::database::Database::create();
                super::$test(&["--database-url", database.url()]);
            })+
        }
    };
}
pub(crate) use on_both;

/// Runs statements on the database of this URL.
pub(crate) fn execute(url: &str, sql: &str) {
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

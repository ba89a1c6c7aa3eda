//! Where a PostgreSQL is and how it is reached.

use std::time::Duration;

use tokio_postgres::{Client, Config, Connection, NoTls, Socket, tls::NoTlsStream};

use crate::Error;

/// How long one attempt to connect may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A server's address, with everything that a connection to it needs.
pub(super) struct Address {
    config: Config,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let mut config: Config = url
            .parse()
            .map_err(|error| Error::Unavailable(format!("the database URL: {error}")))?;
        config
            .connect_timeout(CONNECT_LIMIT)
            .application_name("playhouse");
        Ok(Self { config })
    }

    pub(super) async fn connect(
        &self,
    ) -> Result<(Client, Connection<Socket, NoTlsStream>), tokio_postgres::Error> {
        self.config.connect(NoTls).await
    }
}

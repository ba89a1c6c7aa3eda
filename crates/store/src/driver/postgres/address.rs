//! Where a PostgreSQL is and how it is reached, with or without TLS.
//!
//! The words of libpq mean what they mean there: `sslmode=disable`, `prefer` (when there is none),
//! `require` (encrypted, whatever the server is), `verify-full` (encrypted, and the certificate is
//! checked); `sslrootcert=FILE` names the authorities instead of the system's, and has it checked.

use std::time::Duration;

use tokio_postgres::{Client, Config, Connection, Socket, config::Host, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{certificates, dialect::told};
use crate::Error;

/// How long one attempt to connect may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

type Link = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A server's address, with everything that a connection to it needs.
pub(super) struct Address {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |error: String| Error::Unavailable(format!("the database URL: {error}"));
        let (url, checks) = take_checks(url);
        let mut config: Config = url.parse().map_err(|error| wrong(told(&error)))?;
        config
            .connect_timeout(CONNECT_LIMIT)
            .application_name("playhouse");
        let tls = match checks {
            None => certificates::unchecked(),
            Some(roots) => certificates::checked(roots.as_deref()),
        };
        let tls = MakeRustlsConnect::new(tls.map_err(wrong)?);
        Ok(Self { config, tls })
    }

    pub(super) async fn connect(&self) -> Result<(Client, Link), tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }
}

/// The hosts of a URL with their ports, for people.
pub(in crate::driver) fn hosts(url: &str) -> Option<String> {
    let config: Config = take_checks(url).0.parse().ok()?;
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate();
    let hosts = hosts.map(|(place, host)| {
        let port = ports.get(place).or(ports.first()).unwrap_or(&5432);
        match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(directory) => directory.display().to_string(),
        }
    });
    Some(hosts.collect::<Vec<_>>().join(", ")).filter(|hosts| !hosts.is_empty())
}

/// Takes what the driver does not know out of the URL: whether certificates are checked, and with
/// which authorities if not with the system's.
fn take_checks(url: &str) -> (String, Option<Option<String>>) {
    let Some((server, settings)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let (mut checks, mut roots, mut rest) = (false, None, Vec::new());
    for setting in settings.split('&') {
        match setting.split_once('=') {
            // Checking the authority but not the name, as `verify-ca` does, is of no use.
            Some(("sslmode", "verify-full" | "verify-ca")) => {
                checks = true;
                rest.push("sslmode=require");
            }
            Some(("sslrootcert", "system")) => checks = true,
            Some(("sslrootcert", file)) => {
                checks = true;
                roots = Some(file.replace("%2F", "/"));
            }
            _ => rest.push(setting),
        }
    }
    let url = if rest.is_empty() {
        server.to_owned()
    } else {
        format!("{server}?{}", rest.join("&"))
    };
    (url, checks.then_some(roots))
}

#[cfg(test)]
mod tests {
    use super::{hosts, take_checks};

    #[test]
    fn hosts_are_told_without_the_password() {
        let shown = |url| hosts(url).unwrap_or_default();
        assert_eq!(
            shown("postgres://u:secret@db.example/jobs"),
            "db.example:5432"
        );
        assert_eq!(
            shown("postgres://u@a:1,b:2/jobs?sslmode=verify-full"),
            "a:1, b:2"
        );
        assert_eq!(shown("host=/run/postgresql user=u"), "/run/postgresql");
        assert_eq!(hosts("http://db.example"), None);
    }

    #[test]
    fn checks_are_taken_out_of_the_url() {
        let taken = |settings: &str| take_checks(&format!("postgres://a@b/c{settings}"));
        let url = |settings: &str| format!("postgres://a@b/c{settings}");
        assert_eq!(taken(""), (url(""), None));
        assert_eq!(taken("?sslmode=require"), (url("?sslmode=require"), None));
        assert_eq!(
            taken("?sslmode=verify-full"),
            (url("?sslmode=require"), Some(None))
        );
        let roots = Some(Some("/etc/ca.pem".to_owned()));
        let full = "?sslmode=verify-full&connect_timeout=3&sslrootcert=/etc/ca.pem";
        assert_eq!(
            taken(full),
            (url("?sslmode=require&connect_timeout=3"), roots)
        );
        assert_eq!(taken("?sslrootcert=system"), (url(""), Some(None)));
    }
}

//! A connection to a host whose addresses are permitted.

use std::{io, time::Duration};

use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::NotConnected;
use crate::addresses::AddressFilter;

/// How long a host may take to accept a connection.
const LIMIT: Duration = Duration::from_secs(60);
/// How long one address is waited for until the next is tried beside it, as browsers do.
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first of a host's addresses that accepts.
pub(super) async fn connect(
    addresses: &AddressFilter,
    host: &str,
    port: u16,
) -> Result<TcpStream, NotConnected> {
    let found = addresses.reachable(host).await?;
    let mut tries = JoinSet::new();
    let mut last = format!("{host} has no address");
    let mut waiting = found.into_iter();
    let connected = async {
        loop {
            let next = waiting.next();
            let is_last = next.is_none();
            if let Some(address) = next {
                tries.spawn(async move {
                    let stream = TcpStream::connect((address, port)).await;
                    stream.map_err(|error| format!("{address} port {port}: {}", reason(&error)))
                });
            }
            let head_start = async {
                if is_last {
                    std::future::pending::<()>().await;
                } else {
                    sleep(HEAD_START).await;
                }
            };
            tokio::select! {
                tried = tries.join_next() => match tried {
                    Some(Ok(Ok(stream))) => return Ok(stream),
                    Some(Ok(Err(why))) => last = why,
                    Some(Err(error)) => last = error.to_string(),
                    None if is_last => return Err(NotConnected::Failed(last)),
                    None => {}
                },
                () = head_start => {}
            }
        }
    };
    match timeout(LIMIT, connected).await {
        Ok(connected) => connected,
        Err(_) => {
            let why = format!("{host} has not accepted within {} s", LIMIT.as_secs());
            Err(NotConnected::Failed(why))
        }
    }
}

/// Without the number that the system has for it.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        _ => error.to_string(),
    }
}

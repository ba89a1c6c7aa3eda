//! Hears what other servers have committed.

use futures_util::stream::StreamExt;
use tokio_postgres::AsyncMessage;

use super::address::Address;
use crate::Error;

/// Name of the channel that servers tell each other of commits on.
pub(super) const CHANNEL: &str = "playhouse";

/// Hears what other servers have committed.
pub(crate) struct Listener {
    address: Address,
}

impl Listener {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            address: Address::parse(url)?,
        })
    }

    /// Calls `heard` with each notice until the connection is lost, and once it listens with the
    /// number of the newest event: what happened before that must be looked up.
    pub(crate) async fn listen(
        &self,
        mut heard: impl FnMut(Result<&str, i64>),
    ) -> Result<(), Error> {
        let (client, mut connection) = self.address.connect().await?;
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

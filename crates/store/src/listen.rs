//! The thread that hears what other servers commit.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::{Wake, driver::Listener, wake::Notice};

/// Passes on what other servers commit, until `stopped`.
pub(crate) fn listen(listener: &Listener, wake: &Wake, name: u64, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "other servers will not be heard");
            return;
        }
    };
    let everybody = |head| {
        wake.committed(&Notice {
            head,
            all: true,
            ..Notice::default()
        });
    };
    let heard = |notice: Result<&str, i64>| match notice.map(serde_json::from_str::<Notice>) {
        Ok(Ok(notice)) if notice.from == name => {}
        Ok(Ok(notice)) => wake.committed(&notice),
        Ok(Err(_)) => everybody(0),
        // What was missed while the connection was down is not known.
        Err(head) => everybody(head),
    };
    let listen = async {
        loop {
            if let Err(error) = listener.listen(heard).await {
                tracing::warn!(%error, "listening for other servers' commits failed; trying again");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    runtime.block_on(async {
        tokio::select! {
            () = listen => {}
            // An error means that the sender is gone, which is the sign.
            _ = stopped => {}
        }
    });
}

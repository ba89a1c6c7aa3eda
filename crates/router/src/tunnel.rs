//! Upgraded connections: bytes in both directions, until both sides have ended.

use std::{io, pin::pin};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tracing::debug;

use crate::{
    lifecycle::Lifecycle,
    live::{InFlight, OpenRequest},
    upstream::UpstreamConnection,
};

/// A connection that both sides are about to switch to another protocol.
pub(crate) struct Tunnel {
    pub(crate) caller: OnUpgrade,
    pub(crate) target: Box<UpstreamConnection>,
    /// What counts it, until it ends.
    pub(crate) open: (InFlight, OpenRequest),
}

impl Tunnel {
    /// Copies until both sides have closed, or one of them breaks. A side that has closed its half may still
    /// receive.
    pub(crate) async fn run(self, lifecycle: Lifecycle) {
        let copy = pin!(copy(self.caller, self.target));
        if let Some(Err(error)) = lifecycle.run_until(&lifecycle.cut, copy).await {
            debug!(%error, "an upgraded connection broke");
        }
        drop(self.open);
    }
}

async fn copy(caller: OnUpgrade, mut target: Box<UpstreamConnection>) -> io::Result<()> {
    let caller = caller.await.map_err(io::Error::other)?;
    let mut caller = TokioIo::new(caller);
    target.run().await;
    let (mut target, read_already) = target.into_socket();
    caller.write_all(&read_already).await?;
    copy_bidirectional(&mut caller, &mut target).await?;
    Ok(())
}

//! `job logs`.

use futures_util::StreamExt;
use wire::{client::Client, jobs::Stream};

use crate::{
    args::Logs,
    commands::{
        connection::{self, first_contact},
        run::{Follower, Show},
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_error_bytes},
};

pub(super) async fn run(logs: Logs) -> Result<Exit, Failure> {
    let client = connection::open(&logs.address)?;
    if logs.follow {
        first_contact(&client).await?;
        let show = logs.stream.map_or(Show::Both, Show::Only);
        Follower::new(&client, &logs.id, show, logs.reconnect.reconnect_for)
            .reach_end()
            .await?;
        return Ok(Exit::OK);
    }
    if let Some(stream) = logs.stream {
        copy(&client, &logs.id, stream, print_bytes).await?;
    } else {
        copy(&client, &logs.id, Stream::Stdout, print_bytes).await?;
        copy(&client, &logs.id, Stream::Stderr, print_error_bytes).await?;
    }
    Ok(Exit::OK)
}

/// Copies what exists now, byte by byte.
async fn copy(
    client: &Client,
    id: &str,
    stream: Stream,
    print: impl Fn(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut body = client.log(id, stream).await?;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            Failure::new(Exit::UNREACHABLE, format!("the output broke off: {error}"))
        })?;
        print(&chunk)?;
    }
    Ok(())
}

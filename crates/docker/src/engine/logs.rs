//! What containers print.

use bollard::query_parameters::LogsOptions;
use futures_util::{Stream, StreamExt, TryStreamExt, future, stream};
use jiff::Timestamp;

use super::{ContainerLine, ContainerStream, Engine, lines::LineBuffer};
use crate::DockerError;

/// Which lines of a container are wanted.
#[derive(Clone, Debug, Default)]
pub struct LogsQuery {
    /// At most so many lines, the last ones; all of them if none. The engine counts those of both streams,
    /// whichever is wanted.
    pub tail: Option<u32>,
    /// Only lines after this time: the time of the last line that was read goes on behind it.
    pub after: Option<Timestamp>,
    /// Only lines until this time, in whole seconds.
    pub until: Option<Timestamp>,
    /// Goes on until the container ends.
    pub follow: bool,
    /// Only lines of this stream, for a container without a terminal.
    pub only: Option<ContainerStream>,
}

impl Engine {
    /// The lines of a container. Nothing is asked before the stream is read, and it is over when the
    /// container ends or all its lines are read.
    pub fn logs(
        &self,
        id: &str,
        query: &LogsQuery,
    ) -> impl Stream<Item = Result<ContainerLine, DockerError>> + Send + use<> {
        let options = LogsOptions {
            follow: query.follow,
            stdout: query.only != Some(ContainerStream::Stderr),
            stderr: query.only != Some(ContainerStream::Stdout),
            since: query.after.map_or(0, seconds),
            until: query.until.map_or(0, seconds),
            timestamps: true,
            tail: query
                .tail
                .map_or_else(|| "all".into(), |tail| tail.to_string()),
        };
        let after = query.after;
        let outputs = self.api.logs(id, Some(options)).map(Some);
        let mut buffer = LineBuffer::default();
        let ended = stream::once(future::ready(None));
        outputs
            .chain(ended)
            .map(move |output| match output {
                Some(Ok(output)) => buffer.push(output).into_iter().map(Ok).collect(),
                Some(Err(error)) => vec![Err(DockerError::from(error))],
                None => buffer.finish().into_iter().map(Ok).collect(),
            })
            .flat_map(stream::iter)
            // The engine knows whole seconds only.
            .try_filter(move |line| future::ready(line.at.is_none() || line.at > after))
    }
}

fn seconds(time: Timestamp) -> i32 {
    i32::try_from(time.as_second()).unwrap_or(i32::MAX)
}

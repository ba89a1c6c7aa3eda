//! Server-sent events as a client reads them, with a deadline instead of a wait.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use serde_json::Value;

use crate::answer::Answer;

/// Nothing that must come takes longer. Far above what a loaded machine needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: Option<i64>,
    pub(crate) event: String,
    pub(crate) data: Value,
}

/// The messages of an answer.
pub(crate) struct Messages {
    body: BodyDataStream,
    pending: String,
    comments: usize,
}

impl Messages {
    /// The answer must be an event stream.
    pub(crate) fn of(answer: Answer) -> Self {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "text/event-stream");
        Self {
            body: answer.into_body().into_data_stream(),
            pending: String::new(),
            comments: 0,
        }
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            while let Some(end) = self.pending.find("\n\n") {
                let block: String = self.pending.drain(..end + 2).collect();
                if let Some(message) = message(block.trim_end()) {
                    return Some(message);
                }
                self.comments += 1;
            }
            let chunk = tokio::time::timeout(DEADLINE, self.body.next())
                .await
                .expect("a message in time")?;
            let chunk = chunk.expect("the stream goes on");
            self.pending
                .push_str(std::str::from_utf8(&chunk).expect("a stream of text"));
        }
    }

    /// The next `count` messages.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(self.next().await.expect("one more message"));
        }
        messages
    }

    /// The text of the stream up to the end of what follows `word`.
    pub(crate) async fn text_until(mut self, word: &str) -> String {
        let mut text = std::mem::take(&mut self.pending);
        while !text.contains(word) {
            let chunk = tokio::time::timeout(DEADLINE, self.body.next()).await;
            let chunk = chunk
                .expect("it comes in time")
                .expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&chunk.expect("bytes")));
        }
        text
    }

    /// Everything up to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        messages
    }

    /// True when the stream has said so far that it is alive.
    pub(crate) fn is_alive(&self) -> bool {
        self.comments > 0
    }
}

/// `None` for a block of comments only, or one that only says where the reader is.
fn message(block: &str) -> Option<Message> {
    let mut message = Message::default();
    let mut any = false;
    for line in block.lines().filter(|line| !line.starts_with(':')) {
        match line.split_once(": ").expect("a field") {
            ("id", id) => {
                let number = id.strip_suffix("-end").unwrap_or(id);
                message.id = Some(number.parse().expect("a number"));
            }
            ("retry", wait) => assert!(wait.parse::<u32>().is_ok(), "{wait}"),
            ("event", event) => {
                any = true;
                event.clone_into(&mut message.event);
            }
            ("data", data) => message.data = serde_json::from_str(data).expect("JSON"),
            other => panic!("an unexpected field: {other:?}"),
        }
    }
    any.then_some(message)
}

//! Server-sent events, read from a body.

use futures_util::{Stream, StreamExt, stream};

use super::{ByteStream, Error};

/// One message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) data: String,
}

/// The messages of a body, until it ends or breaks off.
pub(super) fn messages(body: ByteStream) -> impl Stream<Item = Result<Message, Error>> + Send {
    stream::unfold((body, Vec::new()), |(mut body, mut pending)| async move {
        loop {
            if let Some(message) = take(&mut pending) {
                return Some((Ok(message), (body, pending)));
            }
            match body.next().await? {
                Ok(chunk) => pending.extend_from_slice(&chunk),
                Err(error) => {
                    let error = Error::Unreachable(error.to_string());
                    return Some((Err(error), (stream::empty().boxed(), Vec::new())));
                }
            }
        }
    })
}

/// Takes the first whole message out of `pending`. A block of comments only is skipped.
fn take(pending: &mut Vec<u8>) -> Option<Message> {
    while let Some(end) = pending.windows(2).position(|pair| pair == b"\n\n") {
        let block: Vec<u8> = pending.drain(..end + 2).collect();
        let mut message = Message::default();
        for line in String::from_utf8_lossy(&block).lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => value.clone_into(&mut message.id),
                "event" => value.clone_into(&mut message.event),
                "data" => {
                    if !message.data.is_empty() {
                        message.data.push('\n');
                    }
                    message.data.push_str(value);
                }
                _ => {}
            }
        }
        if message != Message::default() {
            return Some(message);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::take;

    #[test]
    fn takes_whole_messages_and_skips_comments() {
        let mut pending = b": hello\n\nid: 7\nevent: chunk\ndata: a\ndata: b\n\nid: 8\nda".to_vec();
        let message = take(&mut pending).expect("one message is whole");
        assert_eq!(message.id.as_str(), "7");
        assert_eq!(message.event.as_str(), "chunk");
        assert_eq!(message.data, "a\nb");
        assert_eq!(take(&mut pending), None);
        assert_eq!(pending, b"id: 8\nda");
    }
}

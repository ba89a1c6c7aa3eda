//! Frames of running browsers: the newest of each run, in memory, and only while it has a subscriber.
//! A slow subscriber misses some; nothing waits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use engine::RunId;
use serde_json::json;
use tokio::sync::watch;

/// An older picture says nothing of now.
const FRESH_MS: i64 = 30_000;
/// All pictures together; the oldest go first.
const LIMIT_BYTES: usize = 64 << 20;

/// The newest pictures of one server. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Frames {
    shared: Arc<Shared>,
}

/// A subscriber.
pub(crate) struct FrameReader {
    shared: Arc<Shared>,
    shown: watch::Receiver<u64>,
    seen: u64,
}

#[derive(Default)]
struct Shared {
    /// Number of the newest picture. Its receivers are those who look on.
    shown: watch::Sender<u64>,
    frames: Mutex<HashMap<RunId, Frame>>,
}

struct Frame {
    number: u64,
    /// Epoch milliseconds.
    at: i64,
    text: Utf8Bytes,
}

impl Frames {
    /// Subscribes from now on.
    pub(crate) fn reader(&self) -> FrameReader {
        FrameReader {
            shown: self.shared.shown.subscribe(),
            shared: self.shared.clone(),
            seen: 0,
        }
    }

    /// Shows a picture, `kind` such as `image/png`, made at `now_ms`. False when nobody looks on.
    pub(crate) fn show(&self, run: RunId, kind: &str, image: &[u8], now_ms: i64) -> bool {
        let mut frames = self.shared.lock();
        if self.shared.shown.receiver_count() == 0 {
            frames.clear();
            return false;
        }
        frames.retain(|_, frame| now_ms - frame.at < FRESH_MS);
        let message = json!({
            "type": "screenshot_frame",
            "data": {
                "execution_id": run.to_string(),
                "frame": format!("data:{kind};base64,{}", BASE64_STANDARD.encode(image)),
                "timestamp": now_ms,
            },
        });
        let number = *self.shared.shown.borrow() + 1;
        let frame = Frame {
            number,
            at: now_ms,
            text: message.to_string().into(),
        };
        frames.insert(run, frame);
        let mut bytes: usize = frames.values().map(|frame| frame.text.len()).sum();
        while bytes > LIMIT_BYTES {
            let oldest = frames.iter().min_by_key(|(_, frame)| frame.number);
            let Some((run, size)) = oldest.map(|(run, frame)| (*run, frame.text.len())) else {
                break;
            };
            frames.remove(&run);
            bytes -= size;
        }
        self.shared.shown.send_replace(number);
        true
    }
}

impl FrameReader {
    /// Waits for a picture that this reader has not seen. When it is dropped before it is ready,
    /// nothing is lost.
    pub(crate) async fn next(&mut self) -> Utf8Bytes {
        loop {
            self.shown.borrow_and_update();
            if let Some((number, text)) = self.unseen() {
                self.seen = number;
                return text;
            }
            // The sender lives as long as `self`.
            let _ = self.shown.changed().await;
        }
    }

    /// The oldest that is not seen: each run has its turn.
    fn unseen(&self) -> Option<(u64, Utf8Bytes)> {
        let frames = self.shared.lock();
        let new = frames.values().filter(|frame| frame.number > self.seen);
        new.min_by_key(|frame| frame.number)
            .map(|frame| (frame.number, frame.text.clone()))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Frame>> {
        // What it guards is whole after every call.
        let frames = self.frames.lock();
        frames.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use engine::RunId;
    use futures_util::FutureExt;

    use super::Frames;

    fn run(number: u8) -> RunId {
        RunId::from_bytes([number; 16])
    }

    /// Timestamps of the pictures that a reader finds now.
    fn seen(reader: &mut super::FrameReader) -> Vec<i64> {
        let mut seen = Vec::new();
        while let Some(text) = reader.next().now_or_never() {
            let message: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            seen.push(message["data"]["timestamp"].as_i64().expect("a number"));
        }
        seen
    }

    #[test]
    fn the_newest_of_each_run_is_seen_once_and_not_when_it_is_old() {
        let frames = Frames::default();
        frames.show(run(1), "image/png", b"a", 1);
        let mut reader = frames.reader();
        assert!(seen(&mut reader).is_empty(), "there was no subscriber");
        for (number, at) in [(1, 2), (2, 3), (1, 4), (1, 5)] {
            frames.show(run(number), "image/png", b"a", at);
        }
        assert_eq!(seen(&mut reader), [3, 5]);
        assert!(seen(&mut reader).is_empty());
        assert_eq!(
            seen(&mut frames.reader()),
            [3, 5],
            "a new subscriber gets the newest"
        );
        frames.show(run(3), "image/png", b"a", 30_004);
        assert_eq!(seen(&mut frames.reader()), [5, 30_004], "old ones go");
    }

    #[test]
    fn all_pictures_together_are_bounded() {
        let frames = Frames::default();
        let _looks_on = frames.reader();
        let image = vec![0; 1 << 20];
        for number in 0..100 {
            frames.show(run(number), "image/png", &image, 0);
        }
        let kept = frames.shared.lock();
        assert!(kept.contains_key(&run(99)) && !kept.contains_key(&run(0)));
        let bytes: usize = kept.values().map(|frame| frame.text.len()).sum();
        assert!(bytes <= super::LIMIT_BYTES && bytes > super::LIMIT_BYTES / 2);
    }
}

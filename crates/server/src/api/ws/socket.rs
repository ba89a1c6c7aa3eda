//! One socket from its opening to its close: messages out, pings both ways, and an end for readers
//! that do not keep up.

use std::time::Duration;

use axum::extract::ws::{
    CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade,
    rejection::WebSocketUpgradeRejection,
};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::feed::{End, Feed, Outgoing};
use crate::{
    Principal,
    app::App,
    live::{Form, Present},
    refusal::{Refusal, RefusalKind},
};

/// How long the last messages may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);
/// What clients send is short.
const INCOMING_BYTES: usize = 64 << 10;
/// Written to the connection at once.
const BUFFER_BYTES: usize = 64 << 10;
/// More than the longest message and what may be before it.
const MOST_BYTES: usize = 8 << 20;

/// The request must be the opening of a socket.
pub(super) fn opening(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade, Refusal> {
    let upgrade = upgrade.map_err(|rejection| refuse(&rejection))?;
    Ok(upgrade
        .read_buffer_size(INCOMING_BYTES / 16)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MOST_BYTES)
        .max_message_size(INCOMING_BYTES)
        .max_frame_size(INCOMING_BYTES))
}

/// What is not the opening of a socket, by whose words.
fn refuse(rejection: &WebSocketUpgradeRejection) -> Refusal {
    let kind = match rejection.status() {
        StatusCode::METHOD_NOT_ALLOWED => RefusalKind::MethodNotAllowed,
        StatusCode::UPGRADE_REQUIRED => RefusalKind::UpgradeRequired,
        _ => RefusalKind::BadRequest,
    };
    Refusal::new(kind, rejection.body_text())
}

/// Opens the socket and serves it to its end, which comes with the caller's key's at the latest.
pub(super) fn open(
    upgrade: WebSocketUpgrade,
    app: App,
    principal: Principal,
    form: Form,
    mut feed: impl Feed,
) -> Result<Response, Refusal> {
    let counted = principal.enter_stream()?;
    let present = app.metrics.readers().enter(form);
    let upgrade = upgrade.on_failed_upgrade(|error| {
        tracing::debug!(%error, "a socket was not opened");
    });
    let response = upgrade
        .on_upgrade(move |socket| async move {
            let _counted = counted;
            let mut line = OpenSocket {
                socket,
                timeout: app.settings.reader_timeout,
                silence: app.settings.reader_silence,
                position: feed.position(),
                heard: Instant::now(),
                told: None,
            };
            let end = tokio::select! {
                () = app.keys.ended(&principal, &app.clock) => End::Unknown,
                end = line.serve(&mut feed, &app) => end,
            };
            line.close(&end, feed.is_ours(), &present).await;
        })
        .into_response();
    Ok(response)
}

/// A socket that is open.
struct OpenSocket {
    socket: WebSocket,
    timeout: Duration,
    /// A peer that says nothing for so long is gone: it answered no ping.
    silence: Duration,
    /// Number of the last event that was handed to the connection.
    position: i64,
    heard: Instant,
    /// The position that the reader was told of.
    told: Option<i64>,
}

impl OpenSocket {
    async fn serve(&mut self, feed: &mut impl Feed, app: &App) -> End {
        let mut pings = interval(app.settings.keep_alive);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let kept = tokio::select! {
                () = app.stopping.cancelled() => Err(End::Stopping),
                heard = self.socket.recv() => match heard {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(_)) | None => Err(End::Gone),
                },
                _ = pings.tick() => self.ping(feed.is_ours()).await,
                messages = feed.next() => match messages {
                    Ok(messages) => {
                        let sent = self.send(messages, app).await;
                        self.position = if sent.is_ok() { feed.position() } else { self.position };
                        sent
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a socket ended");
                        Err(End::Failed)
                    }
                },
            };
            if let Err(end) = kept {
                return end;
            }
            if feed.is_over() {
                return End::Over;
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.heard = Instant::now();
        match message {
            Message::Text(text) => match pong(&text) {
                Some(pong) => self.say(Message::Text(pong)).await,
                None => Ok(()),
            },
            Message::Close(_) => Err(End::Gone),
            // The library answers protocol pings by itself.
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    /// Asks whether the peer is there. Says where it is when events passed that it does not want:
    /// after a break it goes on there. At the opening as well.
    async fn ping(&mut self, ours: bool) -> Result<(), End> {
        if self.heard.elapsed() > self.silence {
            return Err(End::Gone);
        }
        if ours && self.told != Some(self.position) {
            self.told = Some(self.position);
            let place = json!({"type": "position", "after": self.position});
            self.say(text(&place)).await?;
        }
        self.say(Message::Ping(bytes::Bytes::new())).await
    }

    async fn send(&mut self, messages: Vec<Outgoing>, app: &App) -> Result<(), End> {
        let (socket, position) = (&mut self.socket, &mut self.position);
        let write = async {
            for message in messages {
                socket.feed(Message::Text(message.text)).await?;
                *position = message.position;
            }
            socket.flush().await
        };
        tokio::select! {
            written = write => written.map_err(|_| End::Gone),
            () = sleep(self.timeout) => Err(End::Slow),
            () = async {
                app.stopping.cancelled().await;
                sleep(GRACE).await;
            } => Err(End::Stopping),
        }
    }

    async fn say(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.timeout, self.socket.send(message)).await {
            Ok(said) => said.map_err(|_| End::Gone),
            Err(_) => Err(End::Slow),
        }
    }

    /// Says why and from where to go on, if the peer takes it, and lets it answer.
    async fn close(mut self, end: &End, ours: bool, present: &Present) {
        if matches!(end, End::Slow) {
            present.cut_off();
        }
        let Some((code, reason)) = end.close() else {
            // A peer that said good-bye is answered; one that is not there hears nothing.
            let _ = timeout(GRACE, self.socket.flush()).await;
            return;
        };
        let position = self.position;
        let reason = format!("{reason}; resume after {position}").into();
        let farewell = async {
            if ours {
                let resume = json!({"type": "resume", "after": position});
                self.socket.send(text(&resume)).await?;
            }
            let frame = CloseFrame { code, reason };
            self.socket.send(Message::Close(Some(frame))).await?;
            // With something unread the connection would be torn down at once.
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<_, axum::Error>(())
        };
        let grace = match end {
            End::Stopping => GRACE,
            _ => self.timeout,
        };
        // It may be beyond hearing.
        let _ = timeout(grace, farewell).await;
    }
}

/// A control message.
pub(super) fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

/// The answer to a ping of the contract, with its own timestamp.
fn pong(text: &str) -> Option<Utf8Bytes> {
    let message: Value = serde_json::from_str(text).ok()?;
    (message.get("type")? == "ping").then(|| {
        let timestamp = message.get("timestamp").cloned().unwrap_or_default();
        json!({"type": "pong", "timestamp": timestamp})
            .to_string()
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::pong;

    #[test]
    fn a_ping_is_answered_with_its_own_timestamp() {
        let answer = pong(r#"{"type":"ping","timestamp":1707000000000}"#).expect("an answer");
        assert_eq!(
            answer.as_str(),
            r#"{"timestamp":1707000000000,"type":"pong"}"#
        );
        for other in [
            "",
            "ping",
            "{}",
            "[]",
            r#"{"type":"pong"}"#,
            r#"{"type":["ping"]}"#,
        ] {
            assert_eq!(pong(other), None, "{other}");
        }
    }
}

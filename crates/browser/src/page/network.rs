//! Requests of a page: which answered, and which failed.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    PageCore,
    records::{FailedRequest, ResponseRecord},
    state::PendingRequest,
};
use crate::cdp::{CdpEvent, CdpSession};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WillBeSent {
    request_id: String,
    request: Request,
    #[serde(default)]
    wall_time: f64,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseReceived {
    request_id: String,
    #[serde(default)]
    loader_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    url: String,
    status: u16,
    #[serde(default)]
    mime_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadingFailed {
    request_id: String,
    error_text: String,
    #[serde(default)]
    canceled: bool,
    blocked_reason: Option<String>,
}

impl PageCore {
    /// Takes an event of the domain `Network`.
    pub(super) fn take_network(&self, event: CdpEvent) {
        match event.method.as_str() {
            "Network.requestWillBeSent" => {
                if let Some(sent) = event.read::<WillBeSent>() {
                    // Whole milliseconds of this century.
                    let at_ms = (sent.wall_time * 1000.0) as u64;
                    let request = PendingRequest {
                        method: sent.request.method,
                        url: sent.request.url,
                        at_ms,
                    };
                    self.state().begin_request(sent.request_id, request);
                }
            }
            "Network.responseReceived" => {
                if let Some(received) = event.read::<ResponseReceived>() {
                    self.received(received);
                }
            }
            "Network.loadingFinished" => {
                let mut state = self.state();
                state.requests.remove(event.text("requestId"));
            }
            "Network.webSocketCreated" => {
                let (id, url) = (event.text("requestId"), event.text("url"));
                self.state()
                    .begin_socket(String::from(id), String::from(url));
            }
            "Network.webSocketFrameError" => self.socket_failed(&event),
            "Network.webSocketClosed" => {
                self.state().sockets.remove(event.text("requestId"));
            }
            "Network.loadingFailed" => {
                if let Some(failed) = event.read::<LoadingFailed>() {
                    self.failed(failed);
                }
            }
            _ => {}
        }
    }

    fn received(&self, received: ResponseReceived) {
        self.update(|state| {
            let Response {
                url,
                status,
                mime_type,
            } = received.response;
            if received.kind == "Document" {
                state.load.note_status(&received.loader_id, status);
            }
            let request = state.requests.get(&received.request_id);
            let method = request.map_or_else(|| String::from("GET"), |r| r.method.clone());
            let at_ms = request.map_or(0, |request| request.at_ms);
            if status >= 400 {
                state.records.add_failure(FailedRequest {
                    method: method.clone(),
                    url: url.clone(),
                    reason: format!("HTTP {status}"),
                    at_ms,
                });
            }
            state.records.add_response(ResponseRecord {
                number: 0,
                method,
                url,
                status,
                mime_type,
            });
        });
    }

    fn socket_failed(&self, event: &CdpEvent) {
        let mut state = self.state();
        let Some(url) = state.sockets.remove(event.text("requestId")) else {
            return;
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the browser tells no time of day here"
        )]
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        state.records.add_failure(FailedRequest {
            method: String::from("GET"),
            url,
            reason: String::from(event.text("errorMessage")),
            // The milliseconds of this century fit.
            at_ms: now.map_or(0, |now| now.as_millis() as u64),
        });
    }

    fn failed(&self, failed: LoadingFailed) {
        let mut state = self.state();
        let Some(request) = state.requests.remove(&failed.request_id) else {
            return;
        };
        // A page that leaves cancels what is under way.
        if failed.canceled && failed.blocked_reason.is_none() {
            return;
        }
        state.records.add_failure(FailedRequest {
            method: request.method,
            url: request.url,
            reason: match failed.blocked_reason {
                Some(reason) => format!("{} ({reason})", failed.error_text),
                None => failed.error_text,
            },
            at_ms: request.at_ms,
        });
    }
}

/// Answers a paused request with an empty document.
pub(super) fn answer_empty(session: &CdpSession, event: &CdpEvent) {
    let answer = json!({
        "requestId": event.text("requestId"),
        "responseCode": 200,
        "responseHeaders": [{"name": "content-type", "value": "text/html"}],
        "body": Value::from(""),
    });
    session.post("Fetch.fulfillRequest", answer);
}

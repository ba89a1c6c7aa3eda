//! One event in the forms that readers get, each made once for all of them.

use std::sync::OnceLock;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use store::events::EventRow;

/// An event that many readers share.
pub(crate) struct LiveEvent {
    row: EventRow,
    json: OnceLock<Utf8Bytes>,
    sse: OnceLock<Bytes>,
}

/// As [`wire::events::Event`], with the data as it stands in the log.
#[derive(Serialize)]
struct Body<'a> {
    seq: i64,
    at: String,
    #[serde(rename = "type")]
    event_type: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    data: &'a RawValue,
}

impl LiveEvent {
    pub(crate) fn new(row: EventRow) -> Self {
        Self {
            row,
            json: OnceLock::new(),
            sse: OnceLock::new(),
        }
    }

    /// As it stands in the log.
    pub(crate) fn row(&self) -> &EventRow {
        &self.row
    }

    /// The JSON object, on one line.
    pub(crate) fn json(&self) -> &Utf8Bytes {
        self.json.get_or_init(|| {
            let at = jiff::Timestamp::from_millisecond(self.row.at).unwrap_or_default();
            // What the log holds as data is JSON; if it were not, the event counts all the same.
            let data = serde_json::from_str(&self.row.data).unwrap_or(RawValue::NULL);
            let body = Body {
                seq: self.row.seq,
                at: format!("{at:.3}"),
                event_type: &self.row.event_type,
                kind: &self.row.kind,
                run_id: self.row.run_id.map(|run| run.to_string()),
                data,
            };
            // Strings and numbers have a JSON form.
            serde_json::to_string(&body).unwrap_or_default().into()
        })
    }

    /// The server-sent message.
    pub(crate) fn sse(&self) -> &Bytes {
        self.sse.get_or_init(|| {
            let (seq, event_type) = (self.row.seq, &self.row.event_type);
            format!("id: {seq}\nevent: {event_type}\ndata: {}\n\n", self.json()).into()
        })
    }

    /// What it holds in memory at most, in bytes: the row and both forms.
    pub(crate) fn size_bytes(&self) -> usize {
        const FIXED: usize = 600;
        FIXED + 3 * (self.row.data.len() + self.row.event_type.len() + self.row.kind.len())
    }
}

//! What one call's instance sees of its host, and what it may take.

use std::sync::Arc;

use wasmtime::{ResourceLimiter, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::{
    bindings::playhouse::plugin::host::{Host, Level},
    output::{Heard, Printer},
};
use crate::{
    JsonText,
    limits::Limits,
    protocol::{self, Storage},
    storage::Ledger,
};

/// How many elements the tables of an instance may have together.
const TABLE_ELEMENTS: usize = 1 << 20;

/// How many handles of the host's things (clocks, streams, requests) it may hold at once. They take memory
/// that does not count as its own.
const HANDLES: usize = 10_000;

/// Everything that belongs to one instance.
pub(super) struct HostState {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    network: Network,
    table: ResourceTable,
    pub(super) room: Room,
    before: Storage,
    ledger: Ledger,
    heard: Arc<Heard>,
    printers: [Printer; 2],
}

impl HostState {
    /// No directory, no variable, no argument, no socket. `storage` is the job's, as it is.
    pub(super) fn new(
        limits: &Limits,
        storage: Storage,
        network: Arc<[String]>,
        heard: &Arc<Heard>,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        let printers = [(); 2].map(|()| Printer::new(heard, limits.output_bytes));
        let mut wasi = WasiCtx::builder();
        wasi.stdout(printers[0].clone())
            .stderr(printers[1].clone())
            .allow_tcp(false)
            .allow_udp(false);
        Self {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            network: Network(network),
            table,
            room: Room::new(limits.memory_bytes),
            before: storage,
            ledger: Ledger::new(limits.storage_bytes),
            heard: Arc::clone(heard),
            printers,
        }
    }

    /// Ends the lines that have no end, and gives out what changed.
    pub(super) fn finish(self) -> Ledger {
        for printer in &self.printers {
            printer.finish();
        }
        self.ledger
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.network,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

impl Host for HostState {
    fn log(&mut self, level: Level, message: String) {
        let level = match level {
            Level::Debug => protocol::Level::Debug,
            Level::Info => protocol::Level::Info,
            Level::Warn => protocol::Level::Warn,
            Level::Error => protocol::Level::Error,
        };
        self.heard.logs().push(level, &message);
    }

    fn storage_get(&mut self, key: String) -> Option<String> {
        let value = self.ledger.get(&self.before, &key)?;
        Some(value.to_string())
    }

    fn storage_set(&mut self, key: String, value: String) -> Result<(), String> {
        // Before it is parsed: as values a text takes many times its length.
        let told = |cause: crate::Cause| cause.to_string();
        self.ledger.admit(&key, &value).map_err(told)?;
        let value = JsonText::new(&value).map_err(|error| format!("no JSON: {error}"))?;
        let set = self.ledger.set(key, value);
        set.map_err(told)
    }

    fn storage_delete(&mut self, key: String) {
        let was_there = self.before.contains_key(&key);
        self.ledger.delete(key, was_there);
    }

    fn storage_keys(&mut self) -> Vec<String> {
        self.ledger.keys(&self.before)
    }
}

/// What the memories and tables of an instance may take together.
pub(super) struct Room {
    memory: usize,
    memory_limit: usize,
    elements: usize,
    /// Whether it wanted more.
    pub(super) refused: bool,
}

impl Room {
    fn new(memory_bytes: u64) -> Self {
        Self {
            memory: 0,
            memory_limit: usize::try_from(memory_bytes).unwrap_or(usize::MAX),
            elements: 0,
            refused: false,
        }
    }
}

impl ResourceLimiter for Room {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory + desired.saturating_sub(current);
        if total > self.memory_limit {
            self.refused = true;
            return Ok(false);
        }
        if maximum.is_none_or(|maximum| desired <= maximum) {
            self.memory = total;
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.elements + desired.saturating_sub(current);
        if total > TABLE_ELEMENTS {
            self.refused = true;
            return Ok(false);
        }
        if maximum.is_none_or(|maximum| desired <= maximum) {
            self.elements = total;
        }
        Ok(true)
    }
}

/// The hosts that the manifest lists. One without a port means the scheme's own.
struct Network(Arc<[String]>);

impl Network {
    fn admits(&self, uri: &http::Uri) -> bool {
        let (Some(host), default) = (uri.host(), uri.scheme_str() == Some("http")) else {
            return false;
        };
        let default = if default { 80 } else { 443 };
        let host = host.to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(default);
        let named = format!("{host}:{port}");
        self.0
            .iter()
            .any(|known| *known == named || (port == default && *known == host))
    }
}

type SentRequest = Result<
    (
        http::Response<wasmtime_wasi_http::WasiBody>,
        Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ),
    HttpError,
>;

impl WasiHttpHooks for Network {
    fn send_request(
        &mut self,
        request: http::Request<wasmtime_wasi_http::WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = SentRequest> + Send> {
        let admitted = self.admits(request.uri());
        Box::new(async move {
            if !admitted {
                return Err(HttpError::HttpRequestDenied);
            }
            let (response, io) = wasmtime_wasi_http::default_send_request(request, options).await?;
            let io: Box<dyn Future<Output = Result<(), HttpError>> + Send> = Box::new(io);
            Ok((response.map(http_body_util::BodyExt::boxed_unsync), io))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_are_reached() {
        let listed = ["api.example.com", "127.0.0.1:8080"].map(String::from);
        let network = Network(Arc::from(listed));
        for (uri, admitted) in [
            ("https://api.example.com/x", true),
            ("http://API.example.com/", true),
            ("https://api.example.com:443/", true),
            ("https://api.example.com:8443/", false),
            ("https://api.example.com.evil.com/", false),
            ("https://example.com/", false),
            ("https://evil.com/?api.example.com", false),
            ("https://api.example.com@evil.com/", false),
            ("http://127.0.0.1:8080/", true),
            ("http://127.0.0.1/", false),
            ("/relative", false),
        ] {
            let parsed = uri.parse().expect("a URI");
            assert_eq!(network.admits(&parsed), admitted, "{uri}");
        }
    }
}

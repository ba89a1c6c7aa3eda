//! Where traces of runs go.

use clap::Args;

use super::addresses;

/// Traces, for a server or an executor.
#[derive(Debug, Args)]
pub(crate) struct Tracing {
    /// Send a trace of each run to this OpenTelemetry collector (OTLP over HTTP), such as
    /// http://localhost:4318
    #[arg(long, env = "PLAYHOUSE_OTLP_ENDPOINT", value_name = "URL")]
    #[arg(value_parser = addresses::http_url)]
    pub(crate) otlp_endpoint: Option<String>,
}

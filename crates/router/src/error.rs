//! Why the router refuses a table or its settings.

use std::{io, net::SocketAddr};

/// What can be wrong with settings or a table. Nothing was changed when it is returned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is in use, or not one of this machine.
    #[error("the router cannot listen on {address}: {error}; choose a free address")]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A route's host is not one.
    #[error("route {route}: {host:?} is not a host name; give a name without scheme and path")]
    Host {
        /// The id of the route.
        route: String,
        /// Its host.
        host: String,
    },
    /// A path does not begin with a slash.
    #[error("route {route}: the path {path:?} does not begin with a slash")]
    Path {
        /// The id of the route.
        route: String,
        /// The path of its rule.
        path: String,
    },
    /// A regular expression is wrong or too large.
    #[error("route {route}: its PathRegexp is not a regular expression: {error}")]
    PathRegexp {
        /// The id of the route.
        route: String,
        /// What is wrong with it.
        error: Box<regex::Error>,
    },
    /// Two routes have the same id.
    #[error("two routes have the id {0}; ids are unique")]
    DuplicateId(String),
    /// Two routes have the same host and path.
    #[error("routes {first} and {second} have the same host and path; change one of them")]
    Conflict {
        /// The id of one route.
        first: String,
        /// The id of the other one.
        second: String,
    },
    /// A certificate or its key cannot be read, or they do not belong together.
    #[error("certificate {number}: {message}")]
    Certificate {
        /// Its place in the list, from 1.
        number: usize,
        /// What is wrong.
        message: String,
    },
    /// HTTPS without any certificate.
    #[error("HTTPS needs a certificate; give one, or no address for HTTPS")]
    NoCertificate,
    /// The TLS library refuses its settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

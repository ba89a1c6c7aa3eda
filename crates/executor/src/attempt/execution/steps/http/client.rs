//! HTTP clients of an execution: one for each way in which steps want to be connected.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Certificate, Client, Url, redirect::Policy};

use crate::addresses::AddressFilter;

const CONNECT: Duration = Duration::from_secs(10);

/// How a client connects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::attempt::execution) struct ClientOptions {
    pub(in crate::attempt::execution) verify_tls: bool,
    /// A certificate authority that is trusted besides those of the machine, as PEM.
    pub(in crate::attempt::execution) ca_certificate: Option<String>,
    /// How many redirects are followed; with none, the redirect itself is the answer.
    pub(in crate::attempt::execution) redirects: usize,
}

/// The clients that were made.
pub(in crate::attempt::execution) struct Clients {
    filter: AddressFilter,
    made: Mutex<HashMap<ClientOptions, Client>>,
}

impl Clients {
    pub(in crate::attempt::execution) fn new(filter: AddressFilter) -> Self {
        Self {
            filter,
            made: Mutex::default(),
        }
    }

    /// A client for requests to a URL.
    ///
    /// # Errors
    /// Why there cannot be such a client, or why the URL may not be reached.
    pub(in crate::attempt::execution) fn get(
        &self,
        url: &Url,
        options: ClientOptions,
    ) -> Result<Client, String> {
        self.filter
            .check(url)
            .map_err(|refused| refused.to_string())?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(&options) {
            return Ok(client.clone());
        }
        let client = make(&options, &self.filter)?;
        made.insert(options, client.clone());
        Ok(client)
    }
}

fn make(options: &ClientOptions, filter: &AddressFilter) -> Result<Client, String> {
    wire::client::tls_ready();
    let limit = options.redirects;
    let checked = filter.clone();
    let policy = Policy::custom(move |attempt| {
        let web = matches!(attempt.url().scheme(), "http" | "https");
        if limit == 0 {
            attempt.stop()
        } else if attempt.previous().len() > limit {
            attempt.error(format!("more than {limit} redirects"))
        } else if !web {
            attempt.error("redirected to something that is not http or https")
        } else if let Err(refused) = checked.check(attempt.url()) {
            attempt.error(refused)
        } else {
            attempt.follow()
        }
    });
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .redirect(policy)
        .dns_resolver(Arc::new(filter.clone()))
        // A proxy would resolve names itself, and reach what nothing checked.
        .no_proxy()
        .tls_danger_accept_invalid_certs(!options.verify_tls);
    if let Some(pem) = &options.ca_certificate {
        let wrong = |error| format!("parameter `ca_certificate`: {}", reason(&error));
        let trusted = Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
        builder = builder.tls_certs_merge(trusted);
    }
    builder.build().map_err(|error| reason(&error))
}

/// Why a request failed: the innermost cause, without the URL, which may hold a password.
pub(in crate::attempt::execution) fn reason(error: &reqwest::Error) -> String {
    crate::binaries::reason(error)
}

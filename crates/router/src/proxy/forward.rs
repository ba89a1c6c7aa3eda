//! Sends an admitted request to a target, and to another one if that is safe.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use http::{HeaderMap, Method, Request, Response, Uri, Version, header};
use tracing::debug;

use super::{
    Checked, Proxy,
    admission::{Admitted, choose},
    headers, origin,
    pages::StatusPage,
};
use crate::{
    live::{InFlight, Upstream},
    upstream::{ExchangeError, Exchanged, ResponseBody, UploadBody, UpstreamConnection, exchange},
};

/// What is needed to send a request once more after it may have been sent.
struct Repeat {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

/// How one try ended without a response.
enum SendFailure {
    /// The target refused the connection: another one may take the request.
    Refused(Box<Request<UploadBody>>),
    /// An idle connection turned out to be closed: the same target may take it over a new one.
    Stale(Option<Box<Request<UploadBody>>>),
    /// Nothing can be done for the caller.
    Final(StatusPage),
}

impl Proxy {
    /// Sends the request and gives the response, or a page that says what went wrong.
    pub(super) async fn forward(
        &self,
        admitted: Admitted,
        checked: Checked,
    ) -> Response<ResponseBody> {
        let Checked {
            mut request,
            caller,
            reader,
            ..
        } = checked;
        let protocol = headers::upgrade(request.headers());
        let from_caller = protocol.is_some().then(|| hyper::upgrade::on(&mut request));
        let mut request = request.map(|body| UploadBody::new(body, caller.unread.clone()));
        *request.version_mut() = Version::HTTP_11;
        request.extensions_mut().clear();
        let to_target = request.headers_mut();
        headers::remove_hop_by_hop(to_target);
        headers::restrict_te(to_target);
        // The caller gets its 100 when the body is first read, which is when the target is there.
        to_target.remove(header::EXPECT);
        origin::set(&self.settings, &caller, to_target);
        if let Some(protocol) = &protocol {
            headers::set_upgrade(to_target, protocol.clone());
        }
        match self.send(admitted, request).await {
            Ok((exchanged, admitted)) => self.relay(exchanged, admitted, from_caller, &reader),
            Err(page) => page.response(&reader),
        }
    }

    /// Tries targets until one begins a response.
    async fn send(
        &self,
        mut admitted: Admitted,
        request: Request<UploadBody>,
    ) -> Result<(Exchanged, Admitted), StatusPage> {
        let counters = Arc::clone(&admitted.route.counters);
        let repeat = Repeat::of(&request);
        let mut request = Box::new(request);
        let mut refused: Vec<Arc<Upstream>> = Vec::new();
        let mut fresh = false;
        loop {
            let upstream = admitted.in_flight.upstream();
            match self
                .attempt(&admitted, request, repeat.is_some(), fresh)
                .await
            {
                Ok(exchanged) => return Ok((exchanged, admitted)),
                Err(SendFailure::Final(page)) => return Err(page),
                Err(SendFailure::Stale(unsent)) => {
                    let repeated = unsent.or_else(|| repeat.as_ref().map(Repeat::request));
                    request = repeated.ok_or_else(StatusPage::closed)?;
                    fresh = true;
                }
                Err(SendFailure::Refused(unsent)) => {
                    counters.connect_failed.fetch_add(1, Relaxed);
                    refused.push(Arc::clone(upstream));
                    admitted.in_flight =
                        next(&admitted, &refused).ok_or_else(StatusPage::refused)?;
                    request = unsent;
                }
            }
            counters.repeated.fetch_add(1, Relaxed);
        }
    }

    async fn attempt(
        &self,
        admitted: &Admitted,
        request: Box<Request<UploadBody>>,
        repeatable: bool,
        fresh: bool,
    ) -> Result<Exchanged, SendFailure> {
        let upstream = admitted.in_flight.upstream();
        let idle = if fresh {
            None
        } else {
            idle_connection(upstream, repeatable)
        };
        let connection = match idle {
            Some(connection) => connection,
            None => match self.connect(upstream).await {
                Some(connection) => connection,
                None => return Err(SendFailure::Refused(request)),
            },
        };
        let reused = connection.reused;
        let limit = admitted.route.response_timeout;
        exchange(connection, *request, limit)
            .await
            .map_err(|error| match error {
                ExchangeError::NotSent(unsent) if reused => SendFailure::Stale(Some(unsent)),
                ExchangeError::Broken if reused && repeatable => SendFailure::Stale(None),
                ExchangeError::NotSent(_) | ExchangeError::Broken => {
                    SendFailure::Final(StatusPage::closed())
                }
                ExchangeError::UploadStalled => SendFailure::Final(StatusPage::upload_stalled()),
                ExchangeError::NoResponse => SendFailure::Final(StatusPage::no_response(limit)),
            })
    }

    async fn connect(&self, upstream: &Upstream) -> Option<Box<UpstreamConnection>> {
        let limit = self.settings.connect_timeout;
        let connection = UpstreamConnection::open(upstream.address, limit).await;
        upstream.connected(connection.is_ok());
        connection
            .inspect_err(|error| debug!(address = %upstream.address, %error, "failed to connect"))
            .ok()
    }
}

impl Repeat {
    /// A copy of a request that may be sent twice: it has no body, and doing it twice is the same as once.
    fn of(request: &Request<UploadBody>) -> Option<Self> {
        (request.body().is_empty() && request.method().is_idempotent()).then(|| Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        })
    }

    fn request(&self) -> Box<Request<UploadBody>> {
        let mut request = Request::new(UploadBody::empty());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        Box::new(request)
    }
}

fn idle_connection(upstream: &Upstream, repeatable: bool) -> Option<Box<UpstreamConnection>> {
    loop {
        let mut connection = upstream.take_idle(repeatable)?;
        if connection.is_ready() {
            return Some(connection);
        }
    }
}

fn next(admitted: &Admitted, refused: &[Arc<Upstream>]) -> Option<InFlight> {
    choose(&admitted.route.targets, refused)
}

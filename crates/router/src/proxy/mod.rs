//! One request: checked, matched with a route, admitted, forwarded.

mod admission;
mod forward;
mod headers;
mod origin;
mod pages;
mod relay;
mod validation;
mod waking;

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use http::{HeaderValue, Request, Response, StatusCode, header, uri::PathAndQuery};
use hyper::body::{Body, Incoming};

use self::{
    admission::Admission,
    pages::{PageReader, StatusPage},
    waking::Waking,
};
use crate::{
    lifecycle::Lifecycle, lingering::Unread, live::Registry, routes::ActiveRoute,
    settings::RouterSettings, upstream::ResponseBody,
};

/// What every connection has a handle of.
pub(crate) struct Proxy {
    pub(crate) registry: Registry,
    pub(crate) settings: RouterSettings,
    pub(crate) lifecycle: Lifecycle,
    waking: Waking,
}

/// The connection on which a request came.
pub(crate) struct ClientConnection {
    address: IpAddr,
    /// The address as headers have it.
    text: HeaderValue,
    /// Came by HTTPS.
    secure: bool,
    pub(crate) unread: Unread,
}

impl ClientConnection {
    pub(crate) fn new(address: SocketAddr, secure: bool) -> Self {
        // An IPv4 caller on an IPv6 listener is the same caller.
        let address = address.ip().to_canonical();
        let text = HeaderValue::try_from(address.to_string());
        Self {
            address,
            text: text.unwrap_or_else(|_| HeaderValue::from_static("unknown")),
            secure,
            unread: Unread::default(),
        }
    }
}

/// A request that passed the checks, with what they found.
struct Checked {
    request: Request<Incoming>,
    caller: Arc<ClientConnection>,
    /// Who reads the router's own pages.
    reader: PageReader,
}

impl Checked {
    /// The host as it is in the table.
    fn host(&self) -> Cow<'_, str> {
        validation::check(&self.request).unwrap_or_default()
    }
}

impl Proxy {
    pub(crate) fn new(settings: RouterSettings) -> Self {
        Self {
            registry: Registry::new(),
            lifecycle: Lifecycle::default(),
            waking: Waking::default(),
            settings,
        }
    }

    /// Answers a request. It always has an answer: what goes wrong is a page.
    pub(crate) async fn respond(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        caller: Arc<ClientConnection>,
    ) -> Response<ResponseBody> {
        let begun = Instant::now();
        if !request.body().is_end_stream() {
            caller.unread.set(true);
        }
        let request_id = headers::set_request_id(request.headers_mut());
        let reader = PageReader::of(&request, request_id);
        let host = match validation::check(&request) {
            Ok(host) => host,
            Err(reason) => return StatusPage::bad_request(reason).response(&reader),
        };
        let routes = self.registry.routes();
        let Some(route) = routes.find(&host, request.uri().path()).cloned() else {
            return StatusPage::unknown_host(&host).response(&reader);
        };
        drop(routes);
        let checked = Checked {
            request,
            caller,
            reader,
        };
        let response = match self.redirect(&checked) {
            Some(response) => response,
            None => self.serve(&route, checked).await,
        };
        route.counters.responded(response.status(), begun.elapsed());
        response
    }

    async fn serve(
        &self,
        route: &Arc<ActiveRoute>,
        mut checked: Checked,
    ) -> Response<ResponseBody> {
        match self.admit(route, &checked).await {
            Admission::Page(page) => page.response(&checked.reader),
            Admission::Forward(admitted) => {
                if admitted.route.auth.is_some() {
                    // The service has no use for the router's password.
                    checked.request.headers_mut().remove(header::AUTHORIZATION);
                }
                self.forward(*admitted, checked).await
            }
        }
    }

    /// The way from plain HTTP to HTTPS, if the settings ask for it.
    fn redirect(&self, checked: &Checked) -> Option<Response<ResponseBody>> {
        let port = self.settings.redirect_to_https?;
        if origin::is_secure(&self.settings, &checked.caller, checked.request.headers()) {
            return None;
        }
        let path = checked.request.uri().path_and_query();
        let path = path.map_or("/", PathAndQuery::as_str);
        let host = checked.host();
        let location = match port {
            443 => format!("https://{host}{path}"),
            port => format!("https://{host}:{port}{path}"),
        };
        let location = HeaderValue::try_from(location).ok()?;
        let mut response = StatusPage::redirect().response(&checked.reader);
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, location);
        Some(response)
    }
}

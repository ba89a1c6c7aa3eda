//! Turns what a target said into what the caller gets.

use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header};
use hyper::{body::Incoming, upgrade::OnUpgrade};

use super::{
    Proxy,
    admission::Admitted,
    headers,
    pages::{PageReader, StatusPage},
};
use crate::{
    live::Exchange,
    tunnel::Tunnel,
    upstream::{Exchanged, Relay, ResponseBody, UpstreamConnection},
};

impl Proxy {
    /// Turns what the target said into what the caller gets.
    pub(super) fn relay(
        &self,
        exchanged: Exchanged,
        mut admitted: Admitted,
        from_caller: Option<OnUpgrade>,
        reader: &PageReader,
    ) -> Response<ResponseBody> {
        let Exchanged {
            mut response,
            connection,
            upload_ended,
        } = exchanged;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch(response, connection, admitted, from_caller, reader);
        }
        headers::remove_hop_by_hop(response.headers_mut());
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        *response.version_mut() = Version::HTTP_11;
        if is_event_stream(response.headers()) {
            admitted.in_flight.becomes(Exchange::EventStream);
            admitted.request.becomes(Exchange::EventStream);
        }
        let connection = if upload_ended {
            Some(connection)
        } else {
            // The upload has to go on even if the caller does not read the response meanwhile.
            let mut connection = connection;
            tokio::spawn(async move { connection.run().await });
            None
        };
        response.map(|incoming| {
            ResponseBody::Relay(Box::new(Relay::new(
                incoming,
                connection,
                admitted.in_flight,
                admitted.request,
            )))
        })
    }

    /// Connects both sides after the target switched to another protocol.
    fn switch(
        &self,
        mut response: Response<Incoming>,
        connection: Box<UpstreamConnection>,
        mut admitted: Admitted,
        from_caller: Option<OnUpgrade>,
        reader: &PageReader,
    ) -> Response<ResponseBody> {
        let protocol = headers::upgrade(response.headers());
        let (Some(from_caller), Some(protocol)) = (from_caller, protocol) else {
            return StatusPage::bad_upgrade().response(reader);
        };
        admitted.in_flight.becomes(Exchange::Socket);
        admitted.request.becomes(Exchange::Socket);
        let tunnel = Tunnel {
            caller: from_caller,
            target: connection,
            open: (admitted.in_flight, admitted.request),
        };
        let lifecycle = &self.lifecycle;
        lifecycle.tasks.spawn(tunnel.run(lifecycle.clone()));
        headers::remove_hop_by_hop(response.headers_mut());
        headers::set_upgrade(response.headers_mut(), protocol);
        response.map(|_| ResponseBody::empty())
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let is = |kind: &HeaderValue| {
        kind.as_bytes()
            .get(..17)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/event-stream"))
    };
    headers.get(header::CONTENT_TYPE).is_some_and(is)
}

//! The address that a request came from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};

/// The address that a request came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The connection's address or, behind a trusted proxy, the last address before the proxies.
pub(super) fn peer(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    let ConnectInfo(address) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    // A socket for both families tells IPv4 addresses as mapped ones.
    let mut peer = address.ip().to_canonical();
    let is_proxy = |peer: IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == peer);
    if proxies.is_empty() {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.iter().rev() {
        if !is_proxy(peer) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => peer = address.to_canonical(),
            Err(_) => break,
        }
    }
    Some(peer)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::{
        body::Body,
        extract::{ConnectInfo, Request},
    };

    use super::peer;

    /// Who asks over a connection from `connected`, with these headers, behind two proxies.
    fn found(connected: &str, forwarded: &[&str]) -> String {
        let proxies: [IpAddr; 2] =
            ["10.0.0.1", "::ffff:10.0.0.2"].map(|one| one.parse().expect("one"));
        let connected: IpAddr = connected.parse().expect("an address");
        let mut request = Request::get("/").extension(ConnectInfo(SocketAddr::new(connected, 1)));
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let found = peer(&request, &proxies).expect("there is a connection");
        found.to_string()
    }

    #[test]
    fn the_last_address_before_the_proxies_asks() {
        let spoofed = "127.0.0.1, 203.0.113.66";
        for (connected, forwarded, expected) in [
            // Only a proxy is believed.
            ("198.51.100.7", vec![spoofed], "198.51.100.7"),
            ("10.0.0.3", vec![spoofed], "10.0.0.3"),
            ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec!["127.0.0.1, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["127.0.0.1 ,198.51.100.7 , 10.0.0.2"],
                "198.51.100.7",
            ),
            // Several headers are one, in their order.
            ("10.0.0.1", vec![spoofed, "198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["198.51.100.7", "10.0.0.2", "10.0.0.1"],
                "198.51.100.7",
            ),
            // An address of the one family within the other is that of the one.
            ("::ffff:10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["::ffff:198.51.100.7, ::ffff:10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", vec!["2001:db8::7"], "2001:db8::7"),
            // What is not an address is ignored: the proxy counts as the caller.
            ("10.0.0.1", vec!["198.51.100.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.7, "], "10.0.0.1"),
            (
                "10.0.0.1",
                vec!["198.51.100.7, nonsense, 10.0.0.2"],
                "10.0.0.2",
            ),
            ("10.0.0.1", vec!["nonsense, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["10.0.0.2"], "10.0.0.2"),
        ] {
            assert_eq!(
                found(connected, &forwarded),
                expected,
                "{connected} {forwarded:?}"
            );
        }
    }

    #[test]
    fn without_proxies_the_connection_asks_and_without_one_nobody() {
        let header = ("x-forwarded-for", "127.0.0.1");
        let request = || Request::get("/").header(header.0, header.1);
        let none = request().body(Body::empty()).expect("a request");
        assert_eq!(peer(&none, &[]), None);
        let address: SocketAddr = "[::ffff:192.0.2.1]:1".parse().expect("an address");
        let connected = request()
            .extension(ConnectInfo(address))
            .body(Body::empty());
        let found = peer(&connected.expect("a request"), &[]);
        assert_eq!(
            found.map(|peer| peer.to_string()).as_deref(),
            Some("192.0.2.1")
        );
    }
}

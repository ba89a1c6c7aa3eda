//! Who a request may claim to be for, and whose pages may ask.

use std::net::IpAddr;

use url::{Host, Url};

/// The names that are ours in a Host or an Origin header, and the sites that may ask beside our own pages.
pub(crate) struct Hosts {
    allowed: Vec<String>,
    /// Where clients reach the server.
    public: Option<Url>,
    /// Sites of others whose pages may ask.
    others: Vec<String>,
    only_loopback: bool,
}

impl Hosts {
    /// Loopback names, the public URL's, and those that the operator allows. `others` are origins.
    pub(crate) fn new(public_url: &str, allowed: &[String], others: &[String]) -> Self {
        let public = Url::parse(public_url).ok();
        let named = public.as_ref().and_then(Url::host_str).map(str::to_owned);
        let named: Vec<String> = named
            .into_iter()
            .chain(allowed.iter().cloned())
            .map(|host| name_of(&host))
            .collect();
        let loopback = LOOPBACK.map(str::to_owned);
        Self {
            only_loopback: named.iter().all(|name| is_loopback(name)),
            allowed: loopback.into_iter().chain(named).collect(),
            public,
            others: others.to_vec(),
        }
    }

    /// Whether the operator names nothing but this machine. Otherwise a proxy may pass on what comes from
    /// anywhere, and not say so.
    pub(crate) fn are_loopback(&self) -> bool {
        self.only_loopback
    }

    /// Whether a Host header names this server, on whatever port.
    pub(crate) fn allow(&self, host: &str) -> bool {
        let name = name_of(host);
        let is_named = |allowed: &String| match allowed.strip_prefix('*') {
            // `*.example.org` stands for every name below, and not for `example.org`.
            Some(end) => name.len() > end.len() && name.ends_with(end),
            None => *allowed == name,
        };
        self.allowed.iter().any(is_named) || is_loopback(&name)
    }

    /// Whether a page of this origin may ask, in a request whose Host header is `host`.
    pub(crate) fn admit(&self, origin: &str, host: &str) -> bool {
        let Ok(url) = Url::parse(origin) else {
            return false;
        };
        if self.is_other(origin) {
            return true;
        }
        let Some(name) = url.host_str() else {
            return false;
        };
        if is_loopback(name) {
            // Another program on this machine has a port of its own: its pages are another site.
            let public = self.public.as_ref();
            return public.is_some_and(|public| public.origin() == url.origin())
                || is_at(&url, host);
        }
        self.allow(name)
    }

    /// Whether this is the origin of another site whose pages may ask.
    pub(crate) fn is_other(&self, origin: &str) -> bool {
        self.others.iter().any(|other| other == origin)
    }
}

/// A host without its port.
fn name_of(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.to_ascii_lowercase()
}

/// Whether a page of this origin comes from where the request goes to.
fn is_at(origin: &Url, host: &str) -> bool {
    // Which scheme the request has is not known here: in front of us may be a proxy that speaks TLS.
    let here = Url::parse(&format!("{}://{host}", origin.scheme()));
    here.is_ok_and(|here| here.origin() == origin.origin())
}

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

fn is_loopback(name: &str) -> bool {
    LOOPBACK.contains(&name)
        || match Host::parse(name) {
            Ok(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Ok(Host::Ipv6(address)) => IpAddr::from(address).to_canonical().is_loopback(),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    fn ours() -> Hosts {
        let others = ["http://localhost:5173", "https://console.example"].map(str::to_owned);
        Hosts::new(
            "https://play.example:8443",
            &["alias.example:8080".to_owned(), "*.pods.example".to_owned()],
            &others,
        )
    }

    #[test]
    fn allows_our_names_with_any_port_and_no_others() {
        let hosts = ours();
        for host in [
            "localhost:8080",
            "127.0.0.1",
            "127.0.0.9:1",
            "[::1]:80",
            "play.example",
            "ALIAS.example:1",
            "a.pods.example:80",
            "B.a.pods.example",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in [
            "evil.example",
            "play.example.evil",
            "localhost.evil:80",
            "console.example",
            "pods.example",
            ".pods.example",
            "xpods.example",
            "a.pods.example.evil",
            "",
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn a_page_of_this_machine_is_ours_only_where_we_listen() {
        let hosts = ours();
        for (origin, host) in [
            ("http://localhost:8080", "localhost:8080"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://localhost", "localhost"),
            ("http://localhost", "localhost:80"),
            ("https://localhost", "LOCALHOST"),
            ("https://play.example:8443", "localhost:8080"),
            ("http://alias.example:1", "alias.example"),
            ("http://localhost:5173", "localhost:8080"),
            ("https://console.example", "play.example"),
        ] {
            assert!(hosts.admit(origin, host), "{origin} at {host}");
        }
        for (origin, host) in [
            ("http://localhost:3000", "localhost:8080"),
            ("http://localhost", "localhost:8080"),
            ("https://localhost", "localhost:80"),
            ("http://127.0.0.1:8080", "localhost:8080"),
            ("http://127.0.0.2:8080", "127.0.0.1:8080"),
            ("http://localhost:5174", "localhost:8080"),
            ("https://localhost:5173", "localhost:8080"),
            ("http://console.example", "play.example"),
            ("https://console.example:1", "play.example"),
            ("https://evil.example", "localhost:8080"),
            ("null", "localhost:8080"),
            ("localhost:8080", "localhost:8080"),
            ("file:///", "localhost:8080"),
        ] {
            assert!(!hosts.admit(origin, host), "{origin} at {host}");
        }
        // Unless people reach us there.
        let hosts = Hosts::new("http://localhost:3000", &[], &[]);
        assert!(hosts.admit("http://localhost:3000", "127.0.0.1:8080"));
    }

    #[test]
    fn a_name_of_another_host_may_mean_a_proxy() {
        for (url, allowed) in [
            ("http://127.0.0.1:8080", &[][..]),
            (
                "http://localhost:9",
                &["[::1]", "127.0.0.7", "localhost:8080"][..],
            ),
        ] {
            let allowed: Vec<String> = allowed.iter().map(|&name: &&str| name.to_owned()).collect();
            assert!(Hosts::new(url, &allowed, &[]).are_loopback(), "{url}");
        }
        assert!(!ours().are_loopback());
        let allowed = ["play.internal".to_owned()];
        assert!(!Hosts::new("http://127.0.0.1:8080", &allowed, &[]).are_loopback());
        assert!(!Hosts::new("https://play.example", &[], &[]).are_loopback());
    }
}

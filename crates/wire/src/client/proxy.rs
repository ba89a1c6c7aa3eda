//! Which proxy requests go through: the one of the environment, and none to this machine.

use std::{env, net::IpAddr};

use reqwest::{ClientBuilder, Url};

use crate::address::canonical;

/// The proxy that the environment names for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    /// Its address without what logs in to it.
    address: String,
    /// The variable that names it.
    variable: String,
}

impl Proxy {
    /// The proxy for this URL. None for this machine itself: no proxy reaches that.
    #[expect(
        clippy::disallowed_methods,
        reason = "the HTTP library reads the same variables itself"
    )]
    pub(super) fn of(url: &Url) -> Option<Self> {
        Self::named(url, |name| {
            env::var(name).ok().filter(|value| !value.is_empty())
        })
    }

    fn named(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let host = url.host_str()?.trim_matches(['[', ']']);
        if is_this_machine(host) {
            return None;
        }
        let either = |name: &str| {
            let names = [name.to_owned(), name.to_ascii_uppercase()];
            names
                .into_iter()
                .find_map(|name| Some((variable(&name)?, name)))
        };
        if either("no_proxy").is_some_and(|(list, _)| lists(&list, host)) {
            return None;
        }
        let (address, variable) =
            either(&format!("{}_proxy", url.scheme())).or_else(|| either("all_proxy"))?;
        let address = match Url::parse(&address) {
            Ok(parsed) => parsed.origin().ascii_serialization(),
            // Such as `host:3128`; it may have a password.
            Err(_) => address.rsplit('@').next().unwrap_or_default().to_owned(),
        };
        Some(Self { address, variable })
    }

    /// Adds to what failed by which way the server was asked.
    pub(super) fn tell(&self, why: &str) -> String {
        format!(
            "{why}; it was asked for through the proxy {} of {}, and NO_PROXY lists the hosts without one",
            self.address, self.variable
        )
    }
}

/// Sets the proxies of the environment, unless the URL needs none.
pub(super) fn set(builder: ClientBuilder, proxy: Option<&Proxy>) -> ClientBuilder {
    match proxy {
        Some(_) => builder,
        None => builder.no_proxy(),
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<IpAddr>().map(canonical);
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// Whether `NO_PROXY` has the host: itself, a domain above it, its network, or `*`.
fn lists(list: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    list.split(',').map(str::trim).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        let domain = entry.trim_start_matches('.');
        let below = host
            .strip_suffix(domain)
            .is_some_and(|above| above.ends_with('.'));
        let network = entry.parse::<ipnet::IpNet>();
        let within = address
            .zip(network.ok())
            .is_some_and(|(one, network)| network.contains(&one));
        !entry.is_empty()
            && (entry == "*" || host == domain || (!domain.is_empty() && below) || within)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        let url = Url::parse(url).expect("a URL");
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Some(Proxy::named(&url, find)?.tell("refused"))
    }

    #[test]
    fn this_machine_is_asked_without_a_proxy_and_others_say_which() {
        let all = [
            ("HTTP_PROXY", "http://user:5ECRET@proxy:3128"),
            ("no_proxy", "in.example, 10.0.0.0/8"),
        ];
        for direct in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
            "http://a.localhost.",
            "http://in.example",
            "http://a.in.example",
            "http://10.1.2.3",
            "https://out.example",
        ] {
            assert_eq!(of(direct, &all), None, "{direct}");
        }
        let told = of("http://out.example", &all).expect("through the proxy");
        assert!(told.contains("http://proxy:3128 of HTTP_PROXY"), "{told}");
        assert!(!told.contains("5ECRET"), "{told}");
        assert!(of("http://xin.example", &all).is_some());
        assert_eq!(of("http://out.example", &[]), None);
        assert_eq!(
            of(
                "http://out.example",
                &[("all_proxy", "p:1"), ("NO_PROXY", "*")]
            ),
            None
        );
    }
}

//! Says no to addresses inside. A name is resolved once, every address is checked, and the
//! connection goes to what was checked: a name server that answers differently the second time is
//! not asked a second time.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use wire::address::{canonical, is_public};

/// Decides which addresses the server may call. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SsrfFilter {
    allowed: Arc<[IpNet]>,
}

/// The server does not call this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// Neither `http` nor `https`.
    #[error("the URL must be http or https")]
    Scheme,
    /// An address that is not public and not allowed.
    #[error("{0} is not a public address, and the server calls no others; see --allow-outbound")]
    Address(IpAddr),
    /// A name that leads to such an address.
    #[error(
        "`{0}` leads to {1}, which is not a public address, and the server calls no others; \
         see --allow-outbound"
    )]
    Name(String, IpAddr),
    /// A name that leads nowhere.
    #[error("`{0}` has no address")]
    Unknown(String),
}

impl SsrfFilter {
    /// Public addresses, and those of the networks that the operator allows.
    pub(crate) fn new(allowed: &[IpNet]) -> Self {
        Self {
            allowed: allowed.into(),
        }
    }

    fn permits(&self, address: IpAddr) -> bool {
        let canonical = canonical(address);
        is_public(canonical)
            || self
                .allowed
                .iter()
                .any(|network| network.contains(&canonical))
    }

    /// Checks what a URL says by itself. A name is checked when it is resolved; an address in the
    /// URL is never resolved, so it is checked here.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Refused::Scheme),
        };
        if self.permits(address) {
            return Ok(());
        }
        Err(Refused::Address(address))
    }

    /// Every one of a name's addresses must be permitted: one that is not makes the name suspect.
    fn sift(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        if found.is_empty() {
            return Err(Refused::Unknown(name.to_owned()));
        }
        match found.iter().find(|address| !self.permits(address.ip())) {
            Some(address) => Err(Refused::Name(name.to_owned(), address.ip())),
            None => Ok(found),
        }
    }
}

impl Resolve for SsrfFilter {
    fn resolve(&self, name: Name) -> Resolving {
        let ssrf_filter = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found = tokio::net::lookup_host((name, 0)).await;
            let found = found.map_err(|_| Refused::Unknown(name.to_owned()))?;
            let addresses = ssrf_filter.sift(name, found.collect())?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Refused {
    /// Whether a text may be such a refusal, which tells where names of the inner network lead.
    pub(crate) fn is_told_in(text: &str) -> bool {
        text.contains("is not a public address")
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Refused, SsrfFilter};

    fn ssrf_filter(allowed: &[&str]) -> SsrfFilter {
        let networks = allowed.iter().map(|text| text.parse().expect("a network"));
        SsrfFilter::new(&networks.collect::<Vec<_>>())
    }

    fn check(ssrf_filter: &SsrfFilter, url: &str) -> Result<(), Refused> {
        ssrf_filter.check(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn an_address_in_a_url_is_checked_however_it_is_written() {
        let ssrf_filter = ssrf_filter(&[]);
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]:80/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://169.254.169.254/latest/meta-data",
            "http://0/",
            "https://10.1.2.3:8443/",
            "http://①②⑦.0.0.1/",
        ] {
            assert!(
                matches!(check(&ssrf_filter, url), Err(Refused::Address(_))),
                "{url}"
            );
        }
        for url in [
            "ftp://8.8.8.8/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "unix:/x",
        ] {
            assert_eq!(check(&ssrf_filter, url), Err(Refused::Scheme), "{url}");
        }
        for url in [
            "https://8.8.8.8/",
            "https://[2606:4700:4700::1111]/",
            "https://a.example/",
        ] {
            assert_eq!(check(&ssrf_filter, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_allowed_and_nothing_beside_it() {
        let ssrf_filter = ssrf_filter(&["127.0.0.0/8", "fd00::/8", "10.0.0.7/32"]);
        for url in [
            "http://127.0.0.1/",
            "http://127.9.9.9/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fd12::1]/",
            "http://10.0.0.7/",
        ] {
            assert_eq!(check(&ssrf_filter, url), Ok(()), "{url}");
        }
        for url in [
            "http://10.0.0.8/",
            "http://[::1]/",
            "http://[fc12::1]/",
            "http://192.168.0.1/",
        ] {
            assert!(
                matches!(check(&ssrf_filter, url), Err(Refused::Address(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn one_forbidden_address_among_others_makes_a_name_forbidden() {
        let ssrf_filter = ssrf_filter(&[]);
        let address = |text: &str| text.parse().expect("an address and port");
        let (good, bad) = (address("8.8.8.8:0"), address("127.0.0.1:0"));
        assert_eq!(ssrf_filter.sift("a", vec![good]), Ok(vec![good]));
        let refused = Err(Refused::Name("a".to_owned(), bad.ip()));
        assert_eq!(ssrf_filter.sift("a", vec![good, bad]), refused);
        assert_eq!(
            ssrf_filter.sift("a", vec![]),
            Err(Refused::Unknown("a".to_owned()))
        );
    }
}

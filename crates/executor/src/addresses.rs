//! Which addresses steps, the pages that they open, and fetches of programs may reach. A name is resolved once, every address is
//! checked, and the connection goes to what was checked; each redirect is checked as well.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use crate::Isolation;

/// Decides which addresses may be reached. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AddressFilter {
    base: Base,
    allowed: Arc<[IpNet]>,
    denied: Arc<[IpNet]>,
}

/// What may be reached beside what is allowed.
#[derive(Clone, Copy, Debug, Default)]
enum Base {
    /// All but what leads to the machine's own secrets.
    #[default]
    Any,
    /// The public internet.
    Public,
    Nothing,
}

/// From where programs and files may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchRule {
    /// From anywhere but link-local addresses and metadata services.
    Any,
    /// From the public internet.
    Public,
    /// From this network.
    Network(IpNet),
}

/// This is not reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error(
        "{0} is an address that this executor does not let reach; see --allow-address and --allow-fetch"
    )]
    Address(IpAddr),
    #[error(
        "`{0}` leads to {1}, an address that this executor does not let reach; see --allow-address and \
         --allow-fetch"
    )]
    Name(String, IpAddr),
    #[error("`{0}` has no address")]
    Unknown(String),
}

impl AddressFilter {
    /// The networks that an operator allows, and those that they deny. Without allowed ones, all are allowed but
    /// those that lead to the machine's own secrets.
    pub(crate) fn new(allowed: &[IpNet], denied: &[IpNet]) -> Self {
        let base = if allowed.is_empty() {
            Base::Any
        } else {
            Base::Nothing
        };
        Self {
            base,
            allowed: allowed.into(),
            denied: denied.into(),
        }
    }

    /// From where programs and files are fetched: without a rule from anywhere, or in `strict` isolation, where
    /// jobs have no network of their own, from the public internet.
    #[must_use]
    pub fn of_fetches(rules: &[FetchRule], isolation: Isolation) -> Self {
        let networks = rules.iter().filter_map(|rule| match rule {
            FetchRule::Network(network) => Some(*network),
            FetchRule::Any | FetchRule::Public => None,
        });
        let base = if rules.contains(&FetchRule::Any) {
            Base::Any
        } else if rules.contains(&FetchRule::Public) {
            Base::Public
        } else if !rules.is_empty() {
            Base::Nothing
        } else if isolation == Isolation::Strict {
            Base::Public
        } else {
            Base::Any
        };
        Self {
            base,
            allowed: networks.collect(),
            denied: Arc::default(),
        }
    }

    fn permits(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        let is_in = |networks: &[IpNet]| networks.iter().any(|one| one.contains(&address));
        let is_in_base = match self.base {
            Base::Any => !is_sensitive(address),
            Base::Public => wire::address::is_public(address),
            Base::Nothing => false,
        };
        !is_in(&self.denied) && (is_in_base || is_in(&self.allowed))
    }

    /// Checks what a URL says by itself. A name is checked when it is resolved; an address is never resolved.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Refused> {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !self.permits(address) => Err(Refused::Address(address)),
            _ => Ok(()),
        }
    }

    /// Checks where a URL leads that something else opens, which may resolve its name again.
    pub(crate) async fn check_resolved(&self, url: &Url) -> Result<(), Refused> {
        self.check(url)?;
        match url.domain() {
            Some(name) => self.resolved(name).await.map(drop),
            None => Ok(()),
        }
    }

    async fn resolved(&self, name: &str) -> Result<Vec<SocketAddr>, Refused> {
        let found = tokio::net::lookup_host((name, 0)).await;
        let found = found.map_err(|_| Refused::Unknown(name.to_owned()))?;
        self.sift(name, found.collect())
    }

    /// Every one of a name's addresses must be permitted.
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

impl Resolve for AddressFilter {
    fn resolve(&self, name: Name) -> Resolving {
        let filter = self.clone();
        Box::pin(async move {
            let addresses = filter.resolved(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Metadata services of clouds give a machine's credentials to every program on it. They are link-local, or one
/// of these; the unspecified address is another name of this machine.
fn is_sensitive(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.octets()[0] == 0 || v4 == Ipv4Addr::new(100, 100, 100, 200)
        }
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

/// The IPv4 address that an IPv6 address stands for, if it does: mapped, or through a translator.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    match v6.octets() {
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => {
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(allowed: &[&str], denied: &[&str]) -> AddressFilter {
        let networks = |texts: &[&str]| -> Vec<IpNet> {
            texts
                .iter()
                .map(|text| text.parse().expect("a network"))
                .collect()
        };
        AddressFilter::new(&networks(allowed), &networks(denied))
    }

    fn permits(filter: &AddressFilter, host: &str) -> bool {
        let url = Url::parse(&format!("http://{host}:8088/x")).expect("a URL");
        filter.check(&url).is_ok()
    }

    #[test]
    fn metadata_services_are_not_reached_however_their_address_is_written() {
        let filter = filter(&[], &[]);
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9.254.169.254",
            "169.254.0.7",
            "100.100.100.200",
            "0.0.0.0",
            "[::]",
            "[fe80::1]",
            "[febf::1]",
            "[fd00:ec2::254]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
        ] {
            assert!(!permits(&filter, host), "{host}");
        }
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "8.8.8.8",
            "[::1]",
            "[fd00::1]",
            "169.253.1.1",
        ] {
            assert!(permits(&filter, host), "{host}");
        }
    }

    #[test]
    fn an_operator_says_which_networks() {
        let inside = filter(&["10.0.0.0/8", "fd00::/8"], &["10.9.0.0/16"]);
        for (host, permitted) in [
            ("10.1.2.3", true),
            ("[::ffff:10.1.2.3]", true),
            ("[fd00:ec2::254]", true),
            ("10.9.0.1", false),
            ("127.0.0.1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(permits(&inside, host), permitted, "{host}");
        }
        let denied = filter(&[], &["127.0.0.0/8"]);
        assert!(!permits(&denied, "127.0.0.1") && permits(&denied, "10.0.0.1"));
    }

    #[test]
    fn programs_come_from_where_the_isolation_or_the_operator_says() {
        let network = FetchRule::Network("10.0.0.0/8".parse().expect("a network"));
        let metadata = FetchRule::Network("169.254.0.0/16".parse().expect("a network"));
        for (rules, isolation, reached) in [
            // Of loopback, an inner address, a metadata service, the internet.
            (vec![], Isolation::None, [true, true, false, true]),
            (vec![], Isolation::Standard, [true, true, false, true]),
            (vec![], Isolation::Strict, [false, false, false, true]),
            (
                vec![FetchRule::Any],
                Isolation::Strict,
                [true, true, false, true],
            ),
            (
                vec![FetchRule::Public],
                Isolation::Standard,
                [false, false, false, true],
            ),
            (
                vec![network],
                Isolation::Standard,
                [false, true, false, false],
            ),
            (
                vec![FetchRule::Public, network],
                Isolation::Strict,
                [false, true, false, true],
            ),
            (
                vec![FetchRule::Any, metadata],
                Isolation::Strict,
                [true, true, true, true],
            ),
        ] {
            let filter = AddressFilter::of_fetches(&rules, isolation);
            let hosts = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "8.8.8.8"];
            let found = hosts.map(|host| permits(&filter, host));
            assert_eq!(found, reached, "{rules:?} {isolation:?}");
        }
    }

    #[test]
    fn a_name_is_refused_for_any_of_its_addresses() {
        let address = |text: &str| -> SocketAddr { text.parse().expect("an address") };
        let (fine, bad) = (address("10.0.0.1:0"), address("169.254.169.254:0"));
        let filter = filter(&[], &[]);
        assert_eq!(filter.sift("a", vec![fine]), Ok(vec![fine]));
        let refused = Refused::Name("a".to_owned(), bad.ip());
        assert_eq!(filter.sift("a", vec![fine, bad]), Err(refused));
        assert_eq!(
            filter.sift("a", vec![]),
            Err(Refused::Unknown("a".to_owned()))
        );
    }
}

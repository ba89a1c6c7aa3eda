//! Which addresses steps, and the pages that they open, may reach. A name is resolved once for a connection, every
//! address is checked, and the connection goes to what was checked; each redirect is checked as well.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// Decides which addresses steps may reach. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddressFilter {
    allowed: Arc<[IpNet]>,
    denied: Arc<[IpNet]>,
}

/// Steps do not reach this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0} is an address that this executor's steps may not reach; see --allow-address")]
    Address(IpAddr),
    #[error(
        "`{0}` leads to {1}, an address that this executor's steps may not reach; see --allow-address"
    )]
    Name(String, IpAddr),
    #[error("`{0}` has no address")]
    Unknown(String),
}

impl AddressFilter {
    /// The networks that an operator allows, and those that they deny. Without allowed ones, all are allowed but
    /// those that lead to the machine's own secrets.
    pub(crate) fn new(allowed: &[IpNet], denied: &[IpNet]) -> Self {
        Self {
            allowed: allowed.into(),
            denied: denied.into(),
        }
    }

    fn permits(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        let is_in = |networks: &[IpNet]| networks.iter().any(|one| one.contains(&address));
        !is_in(&self.denied)
            && if self.allowed.is_empty() {
                !is_sensitive(address)
            } else {
                is_in(&self.allowed)
            }
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

    /// The addresses of a host, which is a name or an address itself. All of them are permitted.
    pub(crate) async fn reachable(&self, host: &str) -> Result<Vec<IpAddr>, Refused> {
        match host.parse::<IpAddr>() {
            Ok(address) if self.permits(address) => Ok(vec![address]),
            Ok(address) => Err(Refused::Address(address)),
            Err(_) => {
                let found = self.resolved(host).await?;
                Ok(found.iter().map(SocketAddr::ip).collect())
            }
        }
    }

    async fn resolved(&self, name: &str) -> Result<Vec<SocketAddr>, Refused> {
        let found = match tokio::net::lookup_host((name, 0)).await {
            Ok(found) => found.collect(),
            Err(_) if is_local(name) => LOCAL.map(|address| (address, 0).into()).to_vec(),
            Err(_) => return Err(Refused::Unknown(name.to_owned())),
        };
        self.sift(name, found)
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

/// This machine, for names that lead to it by what they are.
const LOCAL: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// Names below `localhost`, which browsers resolve by themselves and not every system does.
fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.')
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
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

    #[tokio::test]
    async fn names_below_localhost_are_this_machine() {
        let open = filter(&[], &[]);
        let found = open
            .reachable("pump.of.localhost")
            .await
            .expect("addresses");
        assert!(
            !found.is_empty() && found.iter().all(IpAddr::is_loopback),
            "{found:?}"
        );
        let denied = filter(&[], &["127.0.0.0/8", "::1/128"]);
        assert!(denied.reachable("pump.localhost.").await.is_err());
        assert!(denied.reachable("127.0.0.1").await.is_err());
        assert!(!is_local("localhost.example") && !is_local("notlocalhost"));
    }
}

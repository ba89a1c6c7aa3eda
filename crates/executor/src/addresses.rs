//! Which addresses steps, the pages that they open, and fetches of programs may reach. A name is resolved once for a
//! connection, every address is checked, and the connection goes to what was checked; each redirect is checked as
//! well.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
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

impl Refused {
    /// Whether a text contains such a refusal.
    pub(crate) fn is_named_in(text: &str) -> bool {
        text.contains("does not let reach") || text.contains("has no address")
    }
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
        let address = ipv4_behind(address);
        let is_in = |networks: &[IpNet]| networks.iter().any(|one| one.contains(&address));
        let is_in_base = match self.base {
            Base::Any => !is_sensitive(address),
            Base::Public => wire::address::is_public(address) && !is_sensitive(address),
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
            const METADATA: [Ipv4Addr; 3] = [
                Ipv4Addr::new(100, 100, 100, 200),
                Ipv4Addr::new(168, 63, 129, 16),
                Ipv4Addr::new(192, 0, 0, 192),
            ];
            v4.is_link_local() || v4.octets()[0] == 0 || METADATA.contains(&v4)
        }
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
                || v6.segments() == [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

/// The IPv4 address to which an IPv6 address leads, if it does: mapped, through a translator, or by 6to4.
fn ipv4_behind(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = wire::address::canonical(address) else {
        return wire::address::canonical(address);
    };
    match v6.octets() {
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
        | [0x20, 0x02, a, b, c, d, ..] => Ipv4Addr::new(a, b, c, d).into(),
        _ => v6.into(),
    }
}

#[cfg(test)]
mod tests;

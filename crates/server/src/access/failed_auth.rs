//! How often an address may show a wrong secret. A good key is never refused for what its neighbours did:
//! 160 bits cannot be guessed, and many may share an address. What is bounded is what wrong ones cost.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
};

use super::bucket::{Bucket, lock};

/// Wrong secrets that an address may show in a minute.
const PER_MINUTE: i64 = 60;
/// So many addresses are remembered. Counting does not stop a caller with more of them.
const ADDRESSES_LIMIT: usize = 10_000;

/// The addresses that showed wrong secrets lately.
#[derive(Default)]
pub(crate) struct FailedAuthLimiter {
    addresses: Mutex<HashMap<IpAddr, Bucket>>,
}

impl FailedAuthLimiter {
    /// Counts a secret of `peer`; when there were too many, answers how long to wait, in milliseconds. A
    /// request of this process has no address and may always.
    pub(super) fn take(&self, peer: Option<IpAddr>, now: i64) -> Result<(), i64> {
        let Some(address) = peer.map(network) else {
            return Ok(());
        };
        let mut addresses = lock(&self.addresses);
        if addresses.len() >= ADDRESSES_LIMIT && !addresses.contains_key(&address) {
            addresses.retain(|_, bucket| !bucket.is_full(PER_MINUTE, now));
            if addresses.len() >= ADDRESSES_LIMIT {
                addresses.clear();
            }
        }
        let bucket = addresses.entry(address).or_default();
        bucket.take(PER_MINUTE, now)
    }

    /// A secret that was counted is good, or was not looked at.
    pub(super) fn release(&self, peer: Option<IpAddr>, now: i64) {
        let mut addresses = lock(&self.addresses);
        if let Some(bucket) = peer.and_then(|peer| addresses.get_mut(&network(peer))) {
            bucket.release(PER_MINUTE, now);
        }
    }
}

/// Who has an IPv6 address has at least the 64 bits below it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{ADDRESSES_LIMIT, FailedAuthLimiter, PER_MINUTE, lock};

    fn address(number: usize) -> Option<IpAddr> {
        let bits = u32::try_from(number).expect("a small number");
        Some(Ipv4Addr::from_bits(bits).into())
    }

    #[test]
    fn an_address_is_held_and_others_are_not() {
        let failed_auth = FailedAuthLimiter::default();
        for _ in 0..PER_MINUTE {
            assert_eq!(failed_auth.take(address(1), 0), Ok(()));
        }
        assert_eq!(failed_auth.take(address(1), 0), Err(1_000));
        assert_eq!(failed_auth.take(address(2), 0), Ok(()));
        assert_eq!(failed_auth.take(address(1), 1_000), Ok(()));
        assert_eq!(failed_auth.take(address(1), 1_000), Err(1_000));
        // A good one takes nothing in the end.
        failed_auth.release(address(1), 1_000);
        assert_eq!(failed_auth.take(address(1), 1_000), Ok(()));
        failed_auth.release(address(3), 1_000);
        for _ in 0..2 * PER_MINUTE {
            assert_eq!(failed_auth.take(None, 0), Ok(()), "this process");
        }
    }

    #[test]
    fn neighbours_in_one_network_count_together() {
        let failed_auth = FailedAuthLimiter::default();
        let one: IpAddr = "2001:db8::1".parse().expect("an address");
        let two: IpAddr = "2001:db8::ffff:2".parse().expect("an address");
        let far: IpAddr = "2001:db8:0:1::1".parse().expect("an address");
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().expect("an address");
        let plain: IpAddr = "192.0.2.1".parse().expect("an address");
        for _ in 0..PER_MINUTE {
            let _ = failed_auth.take(Some(one), 0);
            let _ = failed_auth.take(Some(mapped), 0);
        }
        assert!(failed_auth.take(Some(two), 0).is_err());
        assert!(failed_auth.take(Some(plain), 0).is_err());
        assert!(failed_auth.take(Some(far), 0).is_ok());
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_innocent_first() {
        let failed_auth = FailedAuthLimiter::default();
        for _ in 0..PER_MINUTE {
            let _ = failed_auth.take(address(0), 50_000);
        }
        for number in 1..ADDRESSES_LIMIT {
            let _ = failed_auth.take(address(number), 0);
        }
        let _ = failed_auth.take(address(ADDRESSES_LIMIT), 50_000);
        assert_eq!(lock(&failed_auth.addresses).len(), 2);
        assert!(failed_auth.take(address(0), 50_000).is_err());
        for number in 0..3 * ADDRESSES_LIMIT {
            let _ = failed_auth.take(address(number), 50_000);
            assert!(lock(&failed_auth.addresses).len() <= ADDRESSES_LIMIT);
        }
    }
}

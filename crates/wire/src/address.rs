//! Which addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the public internet: not this machine, not its networks, not a
/// reserved range. An IPv6 address that stands for an IPv4 address is judged as that one too.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = a == 0                            // "this" network
        || a == 10                                   // private
        || (a == 100 && (64..128).contains(&b))      // carrier-grade NAT
        || a == 127                                  // loopback
        || (a == 169 && b == 254)                    // link-local, metadata services
        || (a == 172 && (16..32).contains(&b))       // private
        || (a == 192 && b == 0 && c == 0)            // protocol assignments
        || (a == 192 && b == 0 && c == 2)            // documentation
        || (a == 192 && b == 88 && c == 99)          // 6to4 relays
        || (a == 192 && b == 168)                    // private
        || (a == 198 && (18..20).contains(&b))       // benchmarks
        || (a == 198 && b == 51 && c == 100)         // documentation
        || (a == 203 && b == 0 && c == 113)          // documentation
        || a >= 224; // multicast, reserved, broadcast
    !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Only 2000::/3 is given out at all: not ::, ::1, ::ffff:0:0/96, fc00::/7, fe80::/10, fec0::/10,
    // ff00::/8. 64:ff9b::/96 and 64:ff9b:1::/48 lead to IPv4 addresses through a translator.
    let [a, b, ..] = segments;
    let reserved = !(0x2000..0x4000).contains(&a)
        || (a == 0x2001 && b < 0x200)                // protocol assignments, Teredo, ORCHID
        || (a == 0x2001 && b == 0xdb8)               // documentation
        || a == 0x3fff                               // documentation
        || a == 0x2002; // 6to4: leads to the IPv4 address within
    !reserved
}

/// The IPv4 address that an IPv6 address stands for, if it does: a connection to `::ffff:127.0.0.1`
/// is one to 127.0.0.1.
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_public};

    #[test]
    fn reserved_ranges_are_not_public() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::808:808",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:0:53aa:64c:0:7fff:80ff:fffe",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "2002:808:808::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            let address = private.parse().expect("an address");
            assert!(!is_public(address), "{private}");
        }
    }

    #[test]
    fn what_lies_beside_a_reserved_range_is_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
        ] {
            let address = public.parse().expect("an address");
            assert!(is_public(address), "{public}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_one_within() {
        let address = |text: &str| text.parse().expect("an address");
        assert_eq!(canonical(address("::ffff:127.0.0.1")), address("127.0.0.1"));
        assert_eq!(canonical(address("::ffff:a00:1")), address("10.0.0.1"));
        assert_eq!(canonical(address("::1")), address("::1"));
        assert_eq!(canonical(address("10.0.0.1")), address("10.0.0.1"));
    }
}

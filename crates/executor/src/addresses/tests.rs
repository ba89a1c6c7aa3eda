//! Which addresses are reached, however they are written.

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
        "[2002:a9fe:a9fe::1]",
        "[fd20:ce::254]",
        "168.63.129.16",
        "192.0.0.192",
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

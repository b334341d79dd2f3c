//! The networks by which limits per address count callers.

use ipnet::{IpNet, Ipv6Net};
use std::net::IpAddr;

/// Leading bits of an IPv6 address that count: the holder of one address usually has all that begin like it. [choice]
const IPV6_BITS: u8 = 64;

/// One IPv4 address, or all IPv6 addresses that one caller is likely to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Network(IpAddr);

/// Addresses to which no limit per address applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempt(Vec<IpNet>);

impl Exempt {
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The network that is counted for a caller at `address`; `None` when it is exempt.
    pub(crate) fn counted(&self, address: IpAddr) -> Option<Network> {
        // An IPv4 caller of a socket that accepts both.
        let address = address.to_canonical();
        if self.0.iter().any(|network| network.contains(&address)) {
            return None;
        }
        Some(Network(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(long) => IpAddr::V6(Ipv6Net::new_assert(long, IPV6_BITS).network()),
        }))
    }
}

/// A network as settings write it: an address, or an address and a number of bits.
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exempt(networks: &[&str]) -> Exempt {
        Exempt::new(networks.iter().map(|text| parse(text).unwrap()).collect())
    }

    fn counted(exempt: &Exempt, address: &str) -> Option<String> {
        exempt.counted(address.parse().unwrap()).map(|network| network.0.to_string())
    }

    #[test]
    fn callers_of_one_ipv6_network_count_together_and_those_of_ipv4_each_alone() {
        let nobody = exempt(&[]);
        for (address, network) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::1", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            assert_eq!(counted(&nobody, address).as_deref(), Some(network), "{address}");
        }
    }

    #[test]
    fn exempt_networks_are_not_counted() {
        let some = exempt(&["127.0.0.0/8", "::1", "10.1.0.5"]);
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.0.5"] {
            assert_eq!(counted(&some, address), None, "{address}");
        }
        for address in ["128.0.0.1", "::2", "10.1.0.6"] {
            assert!(counted(&some, address).is_some(), "{address}");
        }
        assert_eq!(counted(&exempt(&["0.0.0.0/0", "::/0"]), "192.0.2.1"), None);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "loopback", "10.1", "10.1.0.5/33", "10.1.0.5/", "::1/129", "10.1.0.5:80"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

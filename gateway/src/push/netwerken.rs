//! Which addresses a message may go to: public ones, and those that the operator allowed.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A range of addresses, such as `10.20.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Netwerk {
    adres: IpAddr,
    bits: u8,
}

/// A text is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a network such as \"10.20.0.0/16\" or \"fd00:1::/32\", with zeros behind its length"
)]
pub struct InvalidNetwerk(String);

impl FromStr for Netwerk {
    type Err = InvalidNetwerk;

    fn from_str(text: &str) -> Result<Self, InvalidNetwerk> {
        let invalid = || InvalidNetwerk(text.to_owned());
        let (adres, bits) = text.split_once('/').ok_or_else(invalid)?;
        let adres: IpAddr = adres.parse().map_err(|_| invalid())?;
        let bits: u8 = bits.parse().map_err(|_| invalid())?;
        let netwerk = Self { adres, bits };
        let (value, width) = as_number(adres);
        if bits > width || value != value & mask(bits, width) {
            return Err(invalid());
        }
        Ok(netwerk)
    }
}

impl fmt::Display for Netwerk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.adres, self.bits)
    }
}

impl Netwerk {
    fn contains(&self, adres: IpAddr) -> bool {
        let (own, width) = as_number(self.adres);
        let (other, other_width) = as_number(adres);
        width == other_width && own == other & mask(self.bits, width)
    }
}

/// The address as a number, and how many bits it has.
fn as_number(adres: IpAddr) -> (u128, u8) {
    match adres {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

/// The first `bits` of `width`.
fn mask(bits: u8, width: u8) -> u128 {
    let low = u128::MAX
        .checked_shr(u32::from(128 - width + bits))
        .unwrap_or(0);
    !low
}

/// Where messages may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Netwerken {
    toegestaan: Vec<Netwerk>,
}

impl Netwerken {
    /// Public addresses, and those in these ranges.
    #[must_use]
    pub fn new(toegestaan: Vec<Netwerk>) -> Self {
        Self { toegestaan }
    }

    /// Whether a message may go there. An IPv4 address in IPv6 clothes is judged as what it is.
    #[must_use]
    pub fn allow(&self, adres: IpAddr) -> bool {
        let adres = adres.to_canonical();
        self.toegestaan
            .iter()
            .any(|netwerk| netwerk.contains(adres))
            || is_public(adres)
    }
}

/// Whether the address is one of the public internet by the registries of special addresses (IANA,
/// RFC 6890).
fn is_public(adres: IpAddr) -> bool {
    match adres {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(adres: Ipv4Addr) -> bool {
    let [a, b, c, _] = adres.octets();
    let special = match a {
        // "This" network, private, loopback, multicast, and what is reserved behind it.
        0 | 10 | 127 | 224.. => true,
        // Shared by customers of one provider.
        100 => b & 0xC0 == 64,
        169 => b == 254,
        172 => b & 0xF0 == 16,
        // Protocols, documentation, 6to4 relays, private.
        192 => matches!((b, c), (0, 0 | 2) | (88, 99) | (168, _)),
        // Measuring, documentation.
        198 => b & 0xFE == 18 || (b, c) == (51, 100),
        203 => (b, c) == (0, 113),
        _ => false,
    };
    !special
}

fn is_public_v6(adres: Ipv6Addr) -> bool {
    let [a, b, ..] = adres.segments();
    // All that is given out is in 2000::/3; loopback, private, link-local, multicast and what
    // translates to IPv4 are outside of it.
    let given_out = a & 0xE000 == 0x2000;
    // Protocols (Teredo among them), documentation, 6to4 (which holds an IPv4 address).
    let special =
        (a == 0x2001 && (b < 0x0200 || b == 0x0DB8)) || a == 0x2002 || (a == 0x3FFF && b < 0x1000);
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adres(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_public_addresses_are_allowed_by_default() {
        let netwerken = Netwerken::default();
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2a00:1450:400e::1",
            "2001:610::1",
            "2606:4700::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(netwerken.allow(adres(public)), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!netwerken.allow(adres(special)), "{special}");
        }
    }

    #[test]
    fn an_operator_s_ranges_are_allowed_besides() {
        let of = |text: &str| Netwerken::new(vec![text.parse().unwrap()]);
        assert!(of("10.20.0.0/16").allow(adres("10.20.255.1")));
        assert!(of("10.20.0.0/16").allow(adres("::ffff:10.20.255.1")));
        assert!(!of("10.20.0.0/16").allow(adres("10.21.0.1")));
        assert!(of("10.20.0.0/16").allow(adres("1.1.1.1")));
        assert!(of("127.0.0.1/32").allow(adres("127.0.0.1")));
        assert!(!of("127.0.0.1/32").allow(adres("127.0.0.2")));
        assert!(of("0.0.0.0/0").allow(adres("127.0.0.1")));
        assert!(!of("0.0.0.0/0").allow(adres("::1")));
        assert!(of("fd00:1::/32").allow(adres("fd00:1:2::3")));
        assert!(!of("fd00:1::/32").allow(adres("fd00:2::3")));
        assert!(of("::/0").allow(adres("::1")));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/-1",
            "fd00::/129",
            "fd00::1/64",
            "sis.example/8",
        ] {
            assert!(text.parse::<Netwerk>().is_err(), "{text}");
        }
        let netwerk: Netwerk = "fd00:1::/32".parse().unwrap();
        assert_eq!(netwerk.to_string(), "fd00:1::/32");
    }
}

//! Who asks: the peer of the socket, and the client behind proxies that are trusted.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use bytestring::ByteString;
use http::{HeaderMap, HeaderName, header, request::Parts};
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{cli::ForwardedHeader, script::RequestTable, settings::Settings};

/// How a connection stands to the limits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Standing {
    /// It is one of those that are welcome.
    #[default]
    Within,
    /// It is one too many: it is answered, and asked to come again later.
    Over,
}

/// What the accept loop knows of the other side of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) standing: Standing,
    /// Cuts the connection, where that is not the socket's own matter.
    pub(crate) cut: Option<Arc<CancellationToken>>,
}

/// The client of a request.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) peer: SocketAddr,
    pub(crate) remote: IpAddr,
    standing: Standing,
    pub(crate) cut: Option<Arc<CancellationToken>>,
}

impl Client {
    /// Finds out who asks: forwarded addresses count only as far as they come from trusted proxies.
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, settings: &Settings) -> Self {
        let (trusted, header) = (&settings.trusted_proxies, settings.forwarded_header);
        Self {
            peer: peer.address,
            remote: remote(peer.address.ip(), headers, trusted, header),
            standing: peer.standing,
            cut: peer.cut,
        }
    }

    /// Whether the connection is one too many.
    pub(crate) fn is_over_a_limit(&self) -> bool {
        self.standing == Standing::Over
    }

    /// Returns the request as scripts see it, under a name that no other has.
    pub(crate) fn request_table(&self, parts: &Parts) -> RequestTable {
        RequestTable::new(new_name(), parts, self.peer, self.remote)
    }
}

/// A name that no other request has and that nobody can guess.
pub(crate) fn new_name() -> ByteString {
    Uuid::new_v4().to_string().into()
}

/// The right-most hop that is no trusted proxy.
fn remote(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], header: ForwardedHeader) -> IpAddr {
    let is_trusted = |address: IpAddr| {
        let address = address.to_canonical();
        trusted.iter().any(|network| network.contains(&address))
    };
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    for hop in hops(headers, header).into_iter().rev() {
        // Left of what cannot be read, nothing is known.
        let Some(address) = hop else { break };
        nearest = address.to_canonical();
        if !is_trusted(nearest) {
            break;
        }
    }
    nearest
}

/// The addresses that proxies added, the nearest last; `None` where one cannot be read.
fn hops(headers: &HeaderMap, header: ForwardedHeader) -> Vec<Option<IpAddr>> {
    let texts = |name| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect::<Vec<_>>()
    };
    let element = |element: &str| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        address(value.trim().trim_matches('"'))
    };
    match header {
        ForwardedHeader::XForwardedFor => {
            let name = HeaderName::from_static("x-forwarded-for");
            texts(name).into_iter().map(address).collect()
        }
        ForwardedHeader::Forwarded => texts(header::FORWARDED).into_iter().map(element).collect(),
    }
}

/// What a client is counted by: its IPv4 address, or its network of IPv6 addresses.
pub(crate) fn accounted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// An address, with or without brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    plain
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, headers: &[(&'static str, &str)], expected: &str) {
        check_with(ForwardedHeader::XForwardedFor, peer, headers, expected);
    }

    #[track_caller]
    fn check_with(
        header: ForwardedHeader,
        peer: &str,
        headers: &[(&'static str, &str)],
        expected: &str,
    ) {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let found = remote(peer.parse().unwrap(), &map, &trusted, header);
        assert_eq!(found.to_string(), expected, "{peer} {headers:?}");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let spoofed = [("x-forwarded-for", "1.2.3.4")];
        check("9.9.9.9", &spoofed, "9.9.9.9");
        check("10.0.0.1", &spoofed, "1.2.3.4");
        check("::ffff:10.0.0.1", &spoofed, "1.2.3.4");
        check(
            "10.0.0.1",
            &[("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.2")],
            "1.2.3.4",
        );
        check(
            "10.0.0.1",
            &[
                ("x-forwarded-for", "6.6.6.6"),
                ("x-forwarded-for", "1.2.3.4"),
            ],
            "1.2.3.4",
        );
        check(
            "10.0.0.1",
            &[("x-forwarded-for", "1.2.3.4, unknown")],
            "10.0.0.1",
        );
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &[("x-forwarded-for", "10.0.0.9")], "10.0.0.9");
        check_with(
            ForwardedHeader::Forwarded,
            "fd00::1",
            &[(
                "forwarded",
                "for=6.6.6.6, for=\"[2001:db8::7]:80\";proto=https",
            )],
            "2001:db8::7",
        );
        check(
            "10.0.0.1",
            &[("x-forwarded-for", "1.2.3.4:5678")],
            "1.2.3.4",
        );
    }

    #[test]
    fn the_header_that_no_proxy_writes_is_not_read() {
        let both = [("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=1.2.3.4")];
        check_with(ForwardedHeader::Forwarded, "10.0.0.1", &both, "1.2.3.4");
        check("10.0.0.1", &both, "6.6.6.6");
        check("10.0.0.1", &both[1..], "10.0.0.1");
    }
}

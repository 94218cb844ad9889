//! Who asks: the peer of the socket, and the client behind proxies that are trusted.

use std::net::{IpAddr, SocketAddr};

use bytestring::ByteString;
use http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::script::RequestTable;

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
    pub(crate) cut: Option<CancellationToken>,
}

/// The client of a request.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) peer: SocketAddr,
    pub(crate) remote: IpAddr,
    standing: Standing,
    pub(crate) cut: Option<CancellationToken>,
}

impl Client {
    /// Finds out who asks: forwarded addresses count only as far as they come from trusted proxies.
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        Self {
            peer: peer.address,
            remote: remote(peer.address.ip(), headers, trusted),
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
fn remote(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| {
        let address = address.to_canonical();
        trusted.iter().any(|network| network.contains(&address))
    };
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    for hop in hops(headers).into_iter().rev() {
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
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let texts = |name| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect::<Vec<_>>()
    };
    let forwarded_for = texts(header::HeaderName::from_static("x-forwarded-for"));
    if !forwarded_for.is_empty() {
        return forwarded_for.into_iter().map(address).collect();
    }
    let element = |element: &str| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        address(value.trim().trim_matches('"'))
    };
    texts(header::FORWARDED).into_iter().map(element).collect()
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

    fn check(peer: &str, headers: &[(&'static str, &str)], expected: &str) {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let found = remote(peer.parse().unwrap(), &map, &trusted);
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
        check(
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
}

use std::net::{IpAddr, SocketAddr};

use bytestring::ByteString;
use http::{HeaderMap, request::Parts};

/// A request as scripts see it: `pub.req` and `sub.req`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RequestTable {
    /// `id`: given by the server; for a subscription it is the connection's name.
    pub id: ByteString,
    /// `method`.
    pub method: ByteString,
    /// `uri`: path and query as they came.
    pub uri: ByteString,
    /// `path`.
    pub path: ByteString,
    /// `query`: raw; empty if there is none.
    pub query: ByteString,
    /// `addr`: the peer of the socket.
    pub address: Option<AddressTable>,
    /// `remote`: the address of the client behind trusted proxies, or of the peer.
    pub remote: Option<ByteString>,
    /// `headers`: names in lower case, the last one of a repeated header, only visible ASCII.
    pub headers: Vec<(ByteString, ByteString)>,
}

/// An address as scripts see it.
#[expect(clippy::exhaustive_structs, reason = "an address has two parts")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressTable {
    /// `ip`.
    pub ip: ByteString,
    /// `port`.
    pub port: u16,
}

impl RequestTable {
    /// Returns the table of a request that came over a socket.
    pub fn new(id: impl Into<ByteString>, parts: &Parts, peer: SocketAddr, remote: IpAddr) -> Self {
        Self {
            id: id.into(),
            method: parts.method.as_str().into(),
            uri: parts.uri.to_string().into(),
            path: parts.uri.path().into(),
            query: parts.uri.query().unwrap_or_default().into(),
            address: Some(AddressTable {
                ip: peer.ip().to_string().into(),
                port: peer.port(),
            }),
            remote: Some(remote.to_string().into()),
            headers: last_of_each(&parts.headers),
        }
    }

    /// Returns about how many bytes its texts take.
    pub(crate) fn size(&self) -> usize {
        let pair = |(name, value): &(ByteString, ByteString)| {
            name.len() + value.len() + 2 * size_of::<ByteString>()
        };
        size_of::<Self>()
            + self.uri.len()
            + self.path.len()
            + self.query.len()
            + self.headers.iter().map(pair).sum::<usize>()
    }

    /// Returns the table of what a script itself publishes: as if it had come over the loopback interface.
    pub(crate) fn of_script() -> Self {
        let ip = ByteString::from_static("127.0.0.1");
        Self {
            method: ByteString::from_static("POST"),
            address: Some(AddressTable {
                ip: ip.clone(),
                port: 0,
            }),
            remote: Some(ip),
            ..Self::default()
        }
    }
}

fn last_of_each(headers: &HeaderMap) -> Vec<(ByteString, ByteString)> {
    let mut table = Vec::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let last = headers.get_all(name).iter().next_back();
        if let Some(Ok(value)) = last.map(http::HeaderValue::to_str) {
            table.push((name.as_str().into(), value.into()));
        }
    }
    table
}

use std::net::{IpAddr, SocketAddr};

use bytestring::ByteString;
use http::{HeaderMap, request::Parts};

/// A request as scripts see it: `pub.req` and `sub.req`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub address: Option<SocketAddr>,
    /// `remote`: the client behind trusted proxies; the peer if there is none.
    pub remote: Option<IpAddr>,
    /// `headers`: names in lower case, the last one of a repeated header, only visible ASCII.
    pub headers: Vec<(ByteString, ByteString)>,
}

impl RequestTable {
    /// Returns the table for a request that came over a socket.
    pub fn new(id: impl Into<ByteString>, parts: &Parts, peer: SocketAddr, remote: IpAddr) -> Self {
        Self {
            id: id.into(),
            method: parts.method.as_str().into(),
            uri: parts.uri.to_string().into(),
            path: parts.uri.path().into(),
            query: parts.uri.query().unwrap_or_default().into(),
            address: Some(peer),
            remote: Some(remote),
            headers: last_of_each(&parts.headers),
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

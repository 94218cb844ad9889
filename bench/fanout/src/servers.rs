//! The servers that are compared.

/// A server and how it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: &'static str,
    pub kind: Kind,
    /// Why it cannot let clients resume, if it cannot.
    pub no_resume: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A binary of the package `examples`, with an option.
    Ours(&'static str, Option<&'static str>),
    /// A binary of this package, with an option.
    Peer(&'static str, Option<&'static str>),
    Nchan,
}

/// What all ratios are of: one `send` per delivery.
pub const FLOOR: &str = "floor";
/// The one that latencies are compared with.
pub const PLAIN_AXUM: &str = "peer_axum";
/// A bare body of hyper's.
pub const PLAIN_HYPER: &str = "peer_hyper";

const NO_HISTORY: Option<&str> = Some("a broadcast channel keeps no history to resume from");

pub const ALL: &[Server] = &[
    server(FLOOR, Kind::Peer("floor", None)),
    server("floor_log", Kind::Peer("floor", Some("--log"))),
    server("fanout_hyper", Kind::Ours("fanout_hyper", None)),
    server("fanout_axum", Kind::Ours("fanout_axum", None)),
    server("fanout_actix", Kind::Ours("fanout_actix", None)),
    server("fanout_warp", Kind::Ours("fanout_warp", None)),
    server(
        "fanout_axum stock",
        Kind::Ours("fanout_axum", Some("--stock")),
    ),
    server(
        "fanout_warp stock",
        Kind::Ours("fanout_warp", Some("--stock")),
    ),
    Server {
        name: PLAIN_HYPER,
        kind: Kind::Peer("peer_hyper", None),
        no_resume: NO_HISTORY,
    },
    Server {
        name: PLAIN_AXUM,
        kind: Kind::Peer("peer_axum", None),
        no_resume: NO_HISTORY,
    },
    server("nchan", Kind::Nchan),
];

const fn server(name: &'static str, kind: Kind) -> Server {
    Server {
        name,
        kind,
        no_resume: None,
    }
}

impl Server {
    /// Why it cannot spread its clients when they come back, if it cannot.
    pub fn no_reconnection(&self) -> Option<&'static str> {
        (!self.is_ours()).then_some("it tells no client when to come back")
    }

    /// Whether it is a hub's, and tells what that holds.
    pub fn is_ours(&self) -> bool {
        matches!(self.kind, Kind::Ours(..))
    }
}

//! The servers that are compared.

use crate::load::Publishing;

/// A server and how it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: &'static str,
    pub kind: Kind,
    /// Why it cannot let clients resume, if it cannot.
    pub no_resume: Option<&'static str>,
    /// Why there is one topic only, if there is.
    pub one_topic: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A binary of the package `examples`, with an option.
    Ours(&'static str, Option<&'static str>),
    /// A binary of this package, with an option.
    Peer(&'static str, Option<&'static str>),
    /// `sse-server` with the hub's ids on the wire, as the others have them, and with a script if one is named.
    Standalone(Option<&'static str>),
    Nchan,
}

/// What all ratios are of: one `send` per delivery.
pub const FLOOR: &str = "floor";
/// The one that latencies are compared with.
pub const PLAIN_AXUM: &str = "peer_axum";
/// The one that the server without a framework's code is compared with.
pub const HUB_AXUM: &str = "fanout_axum";
/// The server as a binary of its own.
pub const STANDALONE: &str = "sse-server";
/// The same with a script whose hook `message` is called for each delivery.
pub const HOOKED: &str = "sse-server hook";
/// A bare body of hyper's.
pub const PLAIN_HYPER: &str = "peer_hyper";

const NO_HISTORY: Option<&str> = Some("a broadcast channel keeps no history to resume from");

pub const ALL: &[Server] = &[
    server(FLOOR, Kind::Peer("floor", None)),
    server("floor_log", Kind::Peer("floor", Some("--log"))),
    server("fanout_hyper", Kind::Ours("fanout_hyper", None)),
    server(HUB_AXUM, Kind::Ours("fanout_axum", None)),
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
    server(STANDALONE, Kind::Standalone(None)),
    Server {
        one_topic: Some("a script says the topics, and this one says none"),
        ..server(HOOKED, Kind::Standalone(Some("message.lua")))
    },
    Server {
        no_resume: NO_HISTORY,
        ..server(PLAIN_HYPER, Kind::Peer("peer_hyper", None))
    },
    Server {
        no_resume: NO_HISTORY,
        ..server(PLAIN_AXUM, Kind::Peer("peer_axum", None))
    },
    server("nchan", Kind::Nchan),
];

const fn server(name: &'static str, kind: Kind) -> Server {
    Server {
        name,
        kind,
        no_resume: None,
        one_topic: None,
    }
}

impl Server {
    /// Why it cannot spread its clients when they come back, if it cannot.
    pub fn no_reconnection(&self) -> Option<&'static str> {
        let tells = matches!(self.kind, Kind::Ours(..) | Kind::Standalone(_));
        (!tells).then_some("it tells no client when to come back")
    }

    /// Whether it tells what its hub holds.
    pub fn tells_memory(&self) -> bool {
        matches!(self.kind, Kind::Ours(..))
    }

    /// What a request to publish looks like.
    pub fn publishing(&self) -> Publishing {
        match self.kind {
            Kind::Standalone(_) => Publishing::Form,
            Kind::Ours(..) | Kind::Peer(..) | Kind::Nchan => Publishing::Text,
        }
    }
}

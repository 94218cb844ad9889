//! What the decoder has to reach, and whether it does.

use crate::{
    decode_cells::Cell,
    decoders::{self, Role},
    inputs::Chunking,
    spread::Spread,
};

/// One ratio that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    shape: &'static str,
    chunking: Chunking,
    role: Role,
    against: Against,
    at_least: f64,
}

/// What the speed is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    BestPeer,
    Limit,
}

/// A target beside what was measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub what: String,
    pub measured: Spread,
    pub at_least: f64,
    pub met: bool,
}

/// Shape, then borrowed decoding at 16 KiB, 1460 B and 64 B, then owned at the two larger.
const BY_SHAPE: [(&str, [f64; 3], f64); 6] = [
    ("tokens", [2.5, 2.0, 1.6], 1.5),
    ("typed", [3.0, 2.8, 1.6], 1.5),
    ("ticks", [5.0, 5.0, 1.6], 1.5),
    ("lines50", [1.9, 1.8, 1.6], 1.5),
    ("mixed", [2.2, 2.0, 1.6], 1.5),
    ("large", [1.0, 1.0, 1.2], 0.9),
];

pub fn all() -> Vec<Target> {
    let mut all = Vec::new();
    for (shape, borrowed, owned) in BY_SHAPE {
        let chunkings = [Chunking::K16, Chunking::Mtu, Chunking::B64];
        for (chunking, at_least) in chunkings.into_iter().zip(borrowed) {
            all.push(Target {
                shape,
                chunking,
                role: Role::Borrowed,
                against: Against::BestPeer,
                at_least,
            });
        }
        for chunking in [Chunking::K16, Chunking::Mtu] {
            all.push(Target {
                shape,
                chunking,
                role: Role::Owned,
                against: Against::BestPeer,
                at_least: owned,
            });
        }
    }
    all.push(Target {
        shape: "tokens",
        chunking: Chunking::K16,
        role: Role::Borrowed,
        against: Against::Limit,
        at_least: 1.0,
    });
    all
}

impl Target {
    /// Returns nothing if the cell was not measured.
    pub fn outcome(&self, cells: &[Cell]) -> Option<Outcome> {
        let cell = cells
            .iter()
            .find(|cell| cell.shape.slug == self.shape && cell.chunking == self.chunking)?;
        let timing = cell.row_of(self.role)?.timing.as_ref().ok()?;
        let (measured, base) = match self.against {
            Against::BestPeer => (timing.by_best_peer?, cell.best_peer?),
            Against::Limit => (timing.by_limit?, decoders::SCAN_UTF8),
        };
        let level = match self.role {
            Role::Owned => "owned",
            _ => "borrowed",
        };
        Some(Outcome {
            what: format!(
                "{:<14} {:<7} {level:<8} ÷ {base}",
                cell.shape.title,
                self.chunking.title()
            ),
            measured,
            at_least: self.at_least,
            met: measured.median >= self.at_least,
        })
    }
}

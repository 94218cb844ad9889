use sse_core::EventId;

use crate::{
    draft::{MAX_ID_LEN, looks_like_the_hubs},
    ids::Ids,
    position::Position,
};

/// The last event ID of a request, as the hub understands it.
#[expect(clippy::exhaustive_enums, reason = "whoever decides must look at each")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cursor {
    /// A position of some log's.
    Position(Position),
    /// What may be the own id of an event.
    Own(EventId),
    /// Too long, or of the shape of a position and none.
    Malformed,
}

impl Cursor {
    /// Reads an id; an empty one is none.
    pub fn read(id: &EventId, ids: Ids) -> Option<Self> {
        let text = id.as_str();
        if text.is_empty() {
            return None;
        }
        if ids == Ids::Bare {
            return Some(Self::Own(id.clone()));
        }
        Some(match text.parse() {
            Ok(position) => Self::Position(position),
            Err(_) if text.len() > MAX_ID_LEN || looks_like_the_hubs(text) => Self::Malformed,
            Err(_) => Self::Own(id.clone()),
        })
    }
}

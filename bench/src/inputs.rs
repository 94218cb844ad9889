//! Event streams of known shape, generated alike on every machine.

use bytes::Bytes;

use crate::{
    blocks::{self, Block},
    sink::Seen,
};

/// One shape of input: what its events look like, and how they are written.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub slug: &'static str,
    pub title: &'static str,
    pub chunkings: &'static [Chunking],
    block: fn(u64) -> Block,
    line_end: &'static str,
}

/// How the input is cut before it is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    Whole,
    K16,
    Mtu,
    B64,
}

/// A generated stream.
#[derive(Clone, Debug)]
pub struct Input {
    pub bytes: Bytes,
    pub events: usize,
}

pub const ALL: &[Chunking] = &[Chunking::Whole, Chunking::K16, Chunking::Mtu, Chunking::B64];

/// The shapes that the acceptance targets name, then one for which there is no target.
pub const SHAPES: &[Shape] = &[
    Shape {
        slug: "tokens",
        title: "token stream",
        chunkings: ALL,
        block: blocks::token,
        line_end: "\n",
    },
    Shape {
        slug: "typed",
        title: "typed deltas",
        chunkings: ALL,
        block: blocks::typed_delta,
        line_end: "\n",
    },
    Shape {
        slug: "ticks",
        title: "ticks",
        chunkings: ALL,
        block: blocks::tick,
        line_end: "\n",
    },
    Shape {
        slug: "lines50",
        title: "50-line data",
        chunkings: ALL,
        block: blocks::fifty_lines,
        line_end: "\n",
    },
    Shape {
        slug: "mixed",
        title: "mixed CRLF",
        chunkings: ALL,
        block: blocks::mixed,
        line_end: "\r\n",
    },
    Shape {
        slug: "large",
        title: "64 KiB events",
        chunkings: ALL,
        block: blocks::large,
        line_end: "\n",
    },
    Shape {
        slug: "cjk",
        title: "token stream, non-ASCII",
        chunkings: &[Chunking::K16],
        block: blocks::cjk_token,
        line_end: "\n",
    },
];

impl Shape {
    pub fn by_slug(slug: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.slug == slug)
    }

    /// Writes events until the stream has at least `min_len` bytes.
    pub fn build(&self, min_len: usize) -> Input {
        let mut wire = String::with_capacity(min_len + min_len / 8);
        let mut events = 0;
        while wire.len() < min_len {
            self.write(&(self.block)(events as u64), &mut wire);
            events += 1;
        }
        Input {
            bytes: Bytes::from(wire.into_bytes()),
            events,
        }
    }

    /// Writes a stream of `count` events and what a decoder must report for it.
    pub fn build_with_expected(&self, count: usize) -> (Input, Vec<Seen>) {
        let mut wire = String::new();
        let mut last_id = String::new();
        let mut expected = Vec::with_capacity(count);
        for block in self.blocks(count) {
            self.write(&block, &mut wire);
            if let Some(id) = block.id {
                last_id = id;
            }
            expected.push(Seen {
                event_type: block.event.unwrap_or("message").to_owned(),
                data: block.data,
                id: last_id.clone(),
            });
        }
        let input = Input {
            bytes: Bytes::from(wire.into_bytes()),
            events: count,
        };
        (input, expected)
    }

    pub fn blocks(&self, count: usize) -> impl Iterator<Item = Block> {
        let block = self.block;
        (0..count as u64).map(block)
    }

    fn write(&self, block: &Block, wire: &mut String) {
        let mut line = |name: &str, value: &str| {
            wire.push_str(name);
            wire.push_str(": ");
            wire.push_str(value);
            wire.push_str(self.line_end);
        };
        if let Some(comment) = block.comment {
            line("", comment);
        }
        if let Some(id) = &block.id {
            line("id", id);
        }
        if let Some(event) = block.event {
            line("event", event);
        }
        if let Some(retry) = block.retry {
            line("retry", &retry.to_string());
        }
        for text in block.data.split('\n') {
            line("data", text);
        }
        wire.push_str(self.line_end);
    }
}

impl Chunking {
    pub fn slug(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::K16 => "16k",
            Self::Mtu => "1460",
            Self::B64 => "64",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::K16 => "16 KiB",
            Self::Mtu => "1460 B",
            Self::B64 => "64 B",
        }
    }

    /// Bytes in each chunk but the last.
    pub fn size(self) -> usize {
        match self {
            Self::Whole => usize::MAX,
            Self::K16 => 16 * 1024,
            Self::Mtu => 1460,
            Self::B64 => 64,
        }
    }

    pub fn by_slug(slug: &str) -> Option<Self> {
        ALL.iter().copied().find(|chunking| chunking.slug() == slug)
    }
}

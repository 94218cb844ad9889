//! Event streams of known shape, generated alike on every machine.

use bytes::Bytes;

use crate::sink::Seen;

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

/// One event, and what stands around it.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub comment: Option<&'static str>,
    pub event: Option<&'static str>,
    pub id: Option<String>,
    pub retry: Option<u32>,
    pub data: String,
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
        block: token,
        line_end: "\n",
    },
    Shape {
        slug: "typed",
        title: "typed deltas",
        chunkings: ALL,
        block: typed_delta,
        line_end: "\n",
    },
    Shape {
        slug: "ticks",
        title: "ticks",
        chunkings: ALL,
        block: tick,
        line_end: "\n",
    },
    Shape {
        slug: "lines50",
        title: "50-line data",
        chunkings: ALL,
        block: fifty_lines,
        line_end: "\n",
    },
    Shape {
        slug: "mixed",
        title: "mixed CRLF",
        chunkings: ALL,
        block: mixed,
        line_end: "\r\n",
    },
    Shape {
        slug: "large",
        title: "64 KiB events",
        chunkings: ALL,
        block: large,
        line_end: "\n",
    },
    Shape {
        slug: "cjk",
        title: "token stream, non-ASCII",
        chunkings: &[Chunking::K16],
        block: cjk_token,
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

const WORDS: [&str; 16] = [
    " the",
    " stream",
    " of",
    " events",
    " and",
    " then",
    " a",
    " token",
    ",",
    " which",
    " is",
    " written",
    " to",
    " every",
    " subscriber",
    ".",
];

fn token(index: u64) -> Block {
    openai_chunk(index, WORDS[pick(index, WORDS.len())])
}

fn cjk_token(index: u64) -> Block {
    const TEXTS: [&str; 8] = [
        "事件",
        "流",
        "、",
        "データ",
        "größe",
        " é",
        "行の終わり",
        "。",
    ];
    openai_chunk(index, TEXTS[pick(index, TEXTS.len())])
}

/// What a chat completion endpoint sends for one token.
fn openai_chunk(index: u64, content: &str) -> Block {
    let fingerprint = mix(index / 4096) & 0xffff_ffff;
    Block {
        data: format!(
            r#"{{"id":"chatcmpl-CQ7fZ3bXwTqYp1LkV9sRn2Hd4Ju0e","object":"chat.completion.chunk","created":1760011452,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_{fingerprint:010x}","choices":[{{"index":0,"delta":{{"content":"{content}"}},"logprobs":null,"finish_reason":null}}]}}"#
        ),
        ..Block::default()
    }
}

fn typed_delta(index: u64) -> Block {
    let text = WORDS[pick(index, WORDS.len())];
    Block {
        event: Some("content_block_delta"),
        data: format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
        ),
        ..Block::default()
    }
}

fn tick(index: u64) -> Block {
    Block {
        data: format!("{:03}", mix(index) % 1000),
        ..Block::default()
    }
}

fn large(index: u64) -> Block {
    let mut data = String::with_capacity(64 * 1024);
    let mut word = index << 20;
    while data.len() < 64 * 1024 - 16 {
        data.push_str(WORDS[pick(word, WORDS.len())]);
        word += 1;
    }
    Block {
        data,
        ..Block::default()
    }
}

fn fifty_lines(index: u64) -> Block {
    let mut data = String::new();
    for line in 0..50 {
        if line > 0 {
            data.push('\n');
        }
        let seed = index * 64 + line;
        let words = 4 + pick(seed, 9);
        for word in 0..words as u64 {
            data.push_str(WORDS[pick(seed * 16 + word, WORDS.len())].trim_start());
            data.push(' ');
        }
    }
    Block {
        data,
        ..Block::default()
    }
}

fn mixed(index: u64) -> Block {
    const TYPES: [&str; 4] = ["update", "price", "order.created", "presence"];
    let seed = mix(index);
    Block {
        comment: (seed % 4 == 0).then_some("keep-alive"),
        event: (seed % 3 != 0).then_some(TYPES[pick(index, TYPES.len())]),
        id: (seed % 5 != 0).then(|| (1_000_000 + index).to_string()),
        retry: (seed % 32 == 1).then_some(3000),
        data: format!(
            r#"{{"seq":{index},"price":{}.{:02},"size":{}}}"#,
            100 + seed % 900,
            seed / 1000 % 100,
            seed / 100_000 % 50
        ),
    }
}

fn pick(seed: u64, len: usize) -> usize {
    (mix(seed) >> 33) as usize % len
}

/// The finaliser of `SplitMix64`: near numbers give far ones.
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

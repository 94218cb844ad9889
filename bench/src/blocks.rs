//! Generators of events: the same index gives the same event.

/// One event, and what stands around it.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub comment: Option<&'static str>,
    pub event: Option<&'static str>,
    pub id: Option<String>,
    pub retry: Option<u32>,
    pub data: String,
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

pub(crate) fn token(index: u64) -> Block {
    openai_chunk(index, WORDS[pick(index, WORDS.len())])
}

pub(crate) fn cjk_token(index: u64) -> Block {
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

pub(crate) fn typed_delta(index: u64) -> Block {
    let text = WORDS[pick(index, WORDS.len())];
    Block {
        event: Some("content_block_delta"),
        data: format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
        ),
        ..Block::default()
    }
}

pub(crate) fn tick(index: u64) -> Block {
    Block {
        data: format!("{:03}", mix(index) % 1000),
        ..Block::default()
    }
}

pub(crate) fn large(index: u64) -> Block {
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

pub(crate) fn fifty_lines(index: u64) -> Block {
    let mut data = String::new();
    for line in 0..50 {
        if line > 0 {
            data.push('\n');
        }
        let seed = index * 64 + line;
        let words = 6 + pick(seed, 10);
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

pub(crate) fn mixed(index: u64) -> Block {
    const TYPES: [&str; 4] = ["update", "price", "order.created", "presence"];
    let seed = mix(index);
    Block {
        comment: seed.is_multiple_of(4).then_some("keep-alive"),
        event: (!seed.is_multiple_of(3)).then_some(TYPES[pick(index, TYPES.len())]),
        id: (!seed.is_multiple_of(5)).then(|| (1_000_000 + index).to_string()),
        retry: (seed % 32 == 1).then_some(3000),
        data: format!(
            r#"{{"seq":{index},"market":"XETR","price":"{}.{:02}","size":{},"side":"buy","at":"2026-03-14T09:26:53.589Z"}}"#,
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

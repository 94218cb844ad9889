//! Event streams of known shape, generated alike on every machine.

use std::{fmt::Write, str};

use crate::sink::Sink;

/// What the events of a stream look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// 287 B an event, as of a language model.
    Tokens,
    /// 64 KiB an event.
    Large,
    /// Small events with types and ids, tokens, lines of data, and some of 8 KiB; comments between them.
    Mixed,
}

pub(crate) const SHAPES: [Shape; 3] = [Shape::Tokens, Shape::Large, Shape::Mixed];

/// A piece of a stream that is sent again and again, and what reading it once must give.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) piece: Vec<u8>,
    pub(crate) seen: Sink,
}

/// What follows the last piece.
pub(crate) const END: &str = "event: end\ndata: end\n\n";

/// The type of the event that says so.
pub(crate) const END_TYPE: &str = "end";

/// Larger than the caches near a core.
const PIECE: usize = 4 << 20;

impl Shape {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tokens => "287 B",
            Self::Large => "64 KiB",
            Self::Mixed => "mixed",
        }
    }

    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Large => "large",
            Self::Mixed => "mixed",
        }
    }

    pub(crate) fn of(slug: &str) -> Option<Self> {
        SHAPES.into_iter().find(|shape| shape.slug() == slug)
    }

    /// A piece of whole events, a part of 4 MiB if `most` is less.
    pub(crate) fn input(self, most: u64) -> Input {
        let most = usize::try_from(most).unwrap_or(PIECE).min(PIECE);
        let mut text = String::with_capacity(PIECE + 0x1_4000);
        let mut seen = Sink::hashing();
        for number in 0.. {
            if text.len() >= most {
                break;
            }
            let event = self.event(number);
            event.write(&mut text);
            seen.event(event.kind.unwrap_or("message"), &event.data);
        }
        Input {
            piece: text.into_bytes(),
            seen,
        }
    }

    fn event(self, number: usize) -> Event {
        match (self, number % 64) {
            (Self::Tokens, _) => token(number),
            (Self::Large, _) => plain(words(number, 64 << 10)),
            (Self::Mixed, 0) => plain(words(number, 8 << 10)),
            (Self::Mixed, 1..=3) => plain(words(number, 2 << 10).replace('.', "\n")),
            (Self::Mixed, at) if at % 2 == 0 => token(number),
            (Self::Mixed, at) => Event {
                comment: at % 8 == 1,
                kind: Some(["price", "update", "order.created"][number % 3]),
                id: Some(1_000_000 + number),
                data: format!("{{\"seq\":{number},\"text\":\"{}\"}}", words(number, 60)),
            },
        }
    }
}

#[derive(Debug)]
struct Event {
    comment: bool,
    kind: Option<&'static str>,
    id: Option<usize>,
    data: String,
}

impl Event {
    fn write(&self, text: &mut String) {
        if self.comment {
            text.push_str(": keep-alive\n\n");
        }
        // Writing to a string cannot fail.
        if let Some(id) = self.id {
            let _ = writeln!(text, "id: {id}");
        }
        if let Some(kind) = self.kind {
            let _ = writeln!(text, "event: {kind}");
        }
        for line in self.data.split('\n') {
            let _ = writeln!(text, "data: {line}");
        }
        text.push('\n');
    }
}

fn plain(data: String) -> Event {
    Event {
        comment: false,
        kind: None,
        id: None,
        data,
    }
}

/// 287 B with `data: ` and the line ends.
fn token(number: usize) -> Event {
    let start = r#"{"id":"chatcmpl-CQ7fZ3bXwTqYp1LkV9sRn2Hd4Ju0e","object":"chat.completion.chunk","choices":[{"delta":{"content":""#;
    let end = r#""},"finish_reason":null}]}"#;
    let content = words(number, 287 - 8 - start.len() - end.len());
    plain(format!("{start}{content}{end}"))
}

/// So many bytes of prose.
fn words(seed: usize, length: usize) -> String {
    const WORDS: [&str; 8] = [
        " the",
        " stream",
        " of",
        " events",
        " and",
        ".",
        " a",
        " subscriber",
    ];
    let mut text = String::with_capacity(length + 16);
    let mut state = seed as u64;
    while text.len() < length {
        state = state
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        text.push_str(WORDS[(state >> 61) as usize]);
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_287_bytes_long() {
        let mut text = String::new();
        token(5).write(&mut text);
        assert_eq!(text.len(), 287);
    }

    #[test]
    fn a_piece_is_whole_events() {
        for shape in SHAPES {
            let input = shape.input(1);
            assert!(str::from_utf8(&input.piece).unwrap().ends_with("\n\n"));
        }
    }
}

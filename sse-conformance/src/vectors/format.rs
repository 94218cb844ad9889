use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::expression::{Expression, base64};
use crate::codec::{Dispatched, Expected, Fields};

/// One line of a vector file.
#[derive(Debug)]
pub(super) enum Vector {
    Decode(DecodeVector),
    Encode(EncodeVector),
    Reconnect(ReconnectVector),
}

/// A stream in chunks, and what it means.
#[derive(Debug)]
pub(super) struct DecodeVector {
    pub(super) chunks: Vec<Bytes>,
    pub(super) expected: Expected,
    /// What the retry may be besides what is expected: a value too large may be ignored.
    pub(super) other_retries: Vec<Option<u64>>,
    pub(super) dispatched_after_chunk: Option<Vec<usize>>,
}

/// An event, and what its encoding must decode to; `None` in it means anything.
#[derive(Debug)]
pub(super) struct EncodeVector {
    pub(super) fields: Fields,
    pub(super) prefix: String,
    pub(super) refusal: Refusal,
    pub(super) meaning: LooseMeaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Legal: must be written.
    Never,
    /// May be refused.
    May,
    /// Illegal: must be refused or made harmless.
    Must,
}

#[derive(Debug)]
pub(super) struct LooseMeaning {
    pub(super) events: Vec<[Option<String>; 3]>,
    pub(super) last_event_id: Option<String>,
    pub(super) retry: Option<u64>,
    pub(super) comments: Option<Vec<String>>,
}

/// Several connections of one client.
#[derive(Debug)]
pub(super) struct ReconnectVector {
    pub(super) connections: Vec<Connection>,
    pub(super) next_request: Option<String>,
    pub(super) last: Option<FinalKeys>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) request: Option<String>,
    pub(super) chunks: Vec<Bytes>,
    pub(super) events: Vec<Dispatched>,
}

impl Vector {
    /// Reads a line: its name and what it asks for.
    pub(super) fn read(line: &str) -> Result<(String, Self), String> {
        let keys: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("no JSON object: {error}"))?;
        let name = keys
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("(no name)")
            .to_owned();
        let has = |key: &str| keys.contains_key(key);
        let read = if has("connections") {
            from_keys(&keys).and_then(reconnect).map(Self::Reconnect)
        } else if has("event")
            && (has("must_decode_to") || has("if_accepted") || has("must_reject"))
        {
            from_keys(&keys).map(encode).map(Self::Encode)
        } else if has("chunks_b64") || has("stream") {
            from_keys(&keys).and_then(decode).map(Self::Decode)
        } else {
            Err("no known format".to_owned())
        };
        read.map(|vector| (name.clone(), vector))
            .map_err(|error| format!("{name}: {error}"))
    }
}

fn from_keys<T: serde::de::DeserializeOwned>(keys: &Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(keys.clone()))
        .map_err(|error| format!("no known format: {error}"))
}

#[derive(Deserialize)]
struct DecodeKeys {
    chunks_b64: Option<Vec<String>>,
    stream: Option<Expression>,
    chunk_size: Option<usize>,
    stream_len: Option<usize>,
    expect: Vec<EventKeys>,
    r#final: FinalKeys,
    comments: Vec<CommentKeys>,
    dispatched_after_chunk: Option<Vec<usize>>,
}

#[derive(Deserialize)]
struct EventKeys {
    event: Expression,
    data: Expression,
    last_event_id: Expression,
    count: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FinalKeys {
    last_event_id: Expression,
    pub(super) retry_ms: Option<u64>,
    #[serde(default)]
    retry_overflow: bool,
    retry_ms_if_overflow_ignored: Option<u64>,
}

impl FinalKeys {
    pub(super) fn last_event_id(&self) -> String {
        self.last_event_id.text()
    }

    pub(super) fn other_retries(&self) -> Vec<Option<u64>> {
        let ignored = self
            .retry_overflow
            .then_some(self.retry_ms_if_overflow_ignored);
        ignored.into_iter().collect()
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CommentKeys {
    Many {
        text: Expression,
        count: Option<usize>,
    },
    One(Expression),
}

fn decode(keys: DecodeKeys) -> Result<DecodeVector, String> {
    let chunks = match (&keys.chunks_b64, &keys.stream) {
        (Some(chunks), _) => chunks_of(chunks)?,
        (None, Some(stream)) => {
            let stream = Bytes::from(stream.bytes()?);
            let size = keys.chunk_size.unwrap_or(stream.len()).max(1);
            if keys.stream_len.is_some_and(|length| length != stream.len()) {
                return Err(format!("stream_len is not {}", stream.len()));
            }
            let starts = (0..stream.len()).step_by(size);
            starts
                .map(|at| stream.slice(at..stream.len().min(at + size)))
                .collect()
        }
        (None, None) => return Err("no known format: neither chunks_b64 nor stream".to_owned()),
    };
    let mut comments = Vec::new();
    for comment in &keys.comments {
        let (text, count) = match comment {
            CommentKeys::Many { text, count } => (text.text(), count.unwrap_or(1)),
            CommentKeys::One(text) => (text.text(), 1),
        };
        comments.extend(std::iter::repeat_n(without_space(&text), count));
    }
    Ok(DecodeVector {
        chunks,
        other_retries: keys.r#final.other_retries(),
        expected: Expected {
            events: events_of(&keys.expect),
            last_event_id: keys.r#final.last_event_id(),
            retry: keys.r#final.retry_ms,
            comments,
        },
        dispatched_after_chunk: keys.dispatched_after_chunk,
    })
}

#[derive(Deserialize)]
struct EncodeKeys {
    event: FieldsKeys,
    must_decode_to: Option<LooseKeys>,
    if_accepted: Option<LooseKeys>,
    #[serde(default)]
    must_reject: bool,
    #[serde(default)]
    may_reject: bool,
    #[serde(default)]
    decode_prefix: String,
}

#[derive(Deserialize)]
struct FieldsKeys {
    event: Option<String>,
    data: Option<String>,
    id: Option<String>,
    retry_ms: Option<u64>,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct LooseKeys {
    expect: Vec<LooseEventKeys>,
    r#final: LooseFinalKeys,
    comments: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct LooseEventKeys {
    event: Option<String>,
    data: Option<String>,
    last_event_id: Option<String>,
}

#[derive(Deserialize)]
struct LooseFinalKeys {
    last_event_id: Option<String>,
    retry_ms: Option<u64>,
}

fn encode(keys: EncodeKeys) -> EncodeVector {
    let FieldsKeys {
        event,
        data,
        id,
        retry_ms,
        comment,
    } = keys.event;
    let refusal = match (keys.must_reject, keys.may_reject) {
        (true, _) => Refusal::Must,
        (false, true) => Refusal::May,
        (false, false) => Refusal::Never,
    };
    // Without any meaning there is nothing an accepted event may decode to.
    let meaning = keys
        .must_decode_to
        .or(keys.if_accepted)
        .map(|loose| LooseMeaning {
            events: loose
                .expect
                .into_iter()
                .map(|it| [it.event, it.data, it.last_event_id])
                .collect(),
            last_event_id: loose.r#final.last_event_id,
            retry: loose.r#final.retry_ms,
            comments: loose.comments,
        });
    let nothing = LooseMeaning {
        events: Vec::new(),
        last_event_id: None,
        retry: None,
        comments: None,
    };
    EncodeVector {
        fields: Fields {
            event,
            data,
            id,
            retry: retry_ms,
            comment,
        },
        prefix: keys.decode_prefix,
        refusal,
        meaning: meaning.unwrap_or(nothing),
    }
}

#[derive(Deserialize)]
struct ReconnectKeys {
    connections: Vec<ConnectionKeys>,
    next_request_last_event_id: Option<String>,
    r#final: Option<FinalKeys>,
}

#[derive(Deserialize)]
struct ConnectionKeys {
    request_last_event_id: Option<String>,
    chunks_b64: Vec<String>,
    expect: Vec<EventKeys>,
}

fn reconnect(keys: ReconnectKeys) -> Result<ReconnectVector, String> {
    let connection = |keys: ConnectionKeys| {
        Ok(Connection {
            request: keys.request_last_event_id,
            chunks: chunks_of(&keys.chunks_b64)?,
            events: events_of(&keys.expect),
        })
    };
    Ok(ReconnectVector {
        connections: keys
            .connections
            .into_iter()
            .map(connection)
            .collect::<Result<_, String>>()?,
        next_request: keys.next_request_last_event_id,
        last: keys.r#final,
    })
}

fn chunks_of(chunks: &[String]) -> Result<Vec<Bytes>, String> {
    chunks
        .iter()
        .map(|chunk| base64(chunk).map(Bytes::from))
        .collect()
}

fn events_of(keys: &[EventKeys]) -> Vec<Dispatched> {
    let mut events = Vec::new();
    for EventKeys {
        event,
        data,
        last_event_id,
        count,
    } in keys
    {
        let event = Dispatched::new(&event.text(), &data.text(), &last_event_id.text());
        events.extend(std::iter::repeat_n(event, count.unwrap_or(1)));
    }
    events
}

/// A comment as every codec here reports it: without one leading space.
pub(super) fn without_space(comment: &str) -> String {
    comment.strip_prefix(' ').unwrap_or(comment).to_owned()
}

use bytes::Bytes;
use sse_core::LineEnd;

use super::format::{EncodeVector, LooseMeaning, Refusal};
use crate::codec::{
    Bound, Codec, Dispatched, Door, Expected, Fields, Oracle, Surface, check_wire, decode,
};

/// Runs a vector through both doors and with both line ends.
pub(super) fn run(codec: &dyn Codec, vector: &EncodeVector) -> Result<(), String> {
    let mut refused = 0;
    for door in [Door::Checked, Door::Sanitized] {
        for line_end in [LineEnd::Lf, LineEnd::CrLf] {
            match codec.encode(&vector.fields, door, line_end) {
                Ok(wire) => check(codec, vector, &wire).map_err(|what| {
                    format!(
                        "{door:?} {line_end:?}, {} written as {}: {what}",
                        vector.fields,
                        shown(&wire)
                    )
                })?,
                Err(_) if vector.refusal == Refusal::Must => refused += 1,
                Err(_)
                    if vector.refusal == Refusal::May
                        || door == Door::Checked && has_nul(&vector.fields) => {}
                Err(why) => {
                    return Err(format!(
                        "{door:?} {line_end:?}, refused {}: {why}",
                        vector.fields
                    ));
                }
            }
        }
    }
    let split = vector
        .fields
        .comment
        .as_ref()
        .is_some_and(|comment| comment.contains(['\r', '\n']));
    if vector.refusal == Refusal::Must && refused == 0 && !split {
        return Err(format!("no door refused {}", vector.fields));
    }
    Ok(())
}

/// NUL in a part where the standard allows it may be refused by the stricter door.
fn has_nul(fields: &Fields) -> bool {
    [&fields.event, &fields.comment]
        .into_iter()
        .flatten()
        .any(|text| text.contains('\0'))
}

fn check(codec: &dyn Codec, vector: &EncodeVector, wire: &[u8]) -> Result<(), String> {
    check_wire(&vector.fields, wire)?;
    let stream = [vector.prefix.as_bytes(), wire].concat();
    let probe = [&stream[..], b"data: probe\n\n"].concat();
    let own = |stream: &[u8]| {
        let chunk = Bytes::copy_from_slice(stream);
        decode(codec, Surface::Comments, Bound::Unlimited, [chunk]).outcome()
    };
    for (seen, probed) in [
        (Oracle::decode(&stream), Oracle::decode(&probe)),
        (own(&stream), own(&probe)),
    ] {
        compare(&vector.meaning, &vector.fields, &seen)?;
        let mut expected = seen.events;
        expected.push(Dispatched::new("message", "probe", &seen.last_event_id));
        if probed.events != expected {
            return Err(format!("D2: a probe after it gives {:?}", probed.events));
        }
    }
    Ok(())
}

fn compare(meaning: &LooseMeaning, fields: &Fields, seen: &Expected) -> Result<(), String> {
    let is =
        |expected: &Option<String>, actual: &str| expected.as_ref().is_none_or(|it| it == actual);
    let LooseMeaning {
        events,
        last_event_id,
        retry,
        comments,
    } = meaning;
    let same_events = events.len() == seen.events.len()
        && events
            .iter()
            .zip(&seen.events)
            .all(|([event, data, id], seen)| {
                is(event, &seen.event) && is(data, &seen.data) && is(id, &seen.last_event_id)
            });
    // A comment that is split comes back as its lines.
    let joined = |comments: &[String]| comments.join("\n");
    let same_comments = comments.as_ref().is_none_or(|comments| {
        *comments == seen.comments
            || fields.comment.is_some() && joined(comments) == joined(&seen.comments)
    });
    if same_events
        && same_comments
        && is(last_event_id, &seen.last_event_id)
        && *retry == seen.retry
    {
        return Ok(());
    }
    Err(format!("\n    expected {meaning:?}\n    actual   {seen:?}"))
}

fn shown(wire: &[u8]) -> String {
    format!("\"{}\"", wire.escape_ascii())
}

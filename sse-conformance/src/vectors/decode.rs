use bytes::Bytes;

use super::{chunking::Chunking, diff::diff, format::DecodeVector};
use crate::codec::{Bound, Codec, Decoded, Expected, Failure, Oracle, Surface, decode};

/// Runs a vector under every chunking, without limits and with the default ones.
pub(super) fn run(codec: &dyn Codec, vector: &DecodeVector) -> Result<(), String> {
    let stream = Bytes::from(vector.chunks.concat());
    let mut limited = None;
    for chunking in Chunking::all(stream.len()) {
        for bound in [Bound::Unlimited, Bound::Default] {
            let seen = decode(
                codec,
                Surface::Comments,
                bound,
                chunking.chunks(&vector.chunks, &stream),
            );
            let verdict = match (seen.failures.first(), bound) {
                (Some(failure), Bound::Default) => {
                    let before = limited.get_or_insert_with(|| Before::of(&stream, failure));
                    before.check(&seen)
                }
                (Some(failure), _) => Err(format!("failed without limits: {failure:?}")),
                (None, _) if matches!(chunking, Chunking::AsGiven) => {
                    as_given(codec, bound, vector, &seen)
                }
                (None, _) => compare(vector, &vector.expected, seen.outcome()),
            };
            verdict.map_err(|what| format!("{chunking}, {bound:?} limits: {what}"))?;
        }
    }
    Ok(())
}

/// Also without surfaced comments, and with an eye on what is out after each chunk.
fn as_given(
    codec: &dyn Codec,
    bound: Bound,
    vector: &DecodeVector,
    seen: &Decoded,
) -> Result<(), String> {
    compare(vector, &vector.expected, seen.outcome())?;
    let expected = Expected {
        comments: Vec::new(),
        ..vector.expected.clone()
    };
    let plain = decode(codec, Surface::Events, bound, vector.chunks.iter().cloned());
    compare(vector, &expected, plain.outcome())
        .map_err(|what| format!("comments not asked for: {what}"))?;
    match &vector.dispatched_after_chunk {
        Some(due) if *due != seen.after_chunk => Err(format!(
            "events out after each chunk\n    expected {due:?}\n    actual   {:?}",
            seen.after_chunk
        )),
        _ => Ok(()),
    }
}

fn compare(vector: &DecodeVector, expected: &Expected, mut actual: Expected) -> Result<(), String> {
    if vector.other_retries.contains(&actual.retry) {
        actual.retry = expected.retry;
    }
    if actual == *expected {
        Ok(())
    } else {
        Err(diff(expected, &actual))
    }
}

/// The one difference that limits may make: a typed error after all items before it, in every chunking alike.
struct Before {
    failure: Failure,
    expected: Option<Expected>,
}

impl Before {
    fn of(stream: &Bytes, failure: &Failure) -> Self {
        let before = usize::try_from(failure.offset)
            .ok()
            .and_then(|at| stream.get(..at));
        Self {
            failure: failure.clone(),
            expected: before.map(Oracle::decode),
        }
    }

    fn check(&self, seen: &Decoded) -> Result<(), String> {
        let Self { failure, expected } = self;
        let Some(expected) = expected else {
            return Err(format!("{failure:?} is outside of the stream"));
        };
        let of_a_limit = failure.kind.starts_with("TooLarge(");
        if !of_a_limit
            || seen.failures != [failure.clone()]
            || failure.after_items != seen.blocks.len()
        {
            return Err(format!(
                "\n    expected one {failure:?} at the end\n    actual\n{seen}"
            ));
        }
        let actual = seen.outcome();
        if actual == *expected {
            Ok(())
        } else {
            Err(format!("before {failure:?}{}", diff(expected, &actual)))
        }
    }
}

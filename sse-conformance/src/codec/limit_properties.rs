use bytes::Bytes;

use super::{Bound, Codec, Cuts, Decoded, Expected, Input, Oracle, Surface, decode};

pub(super) fn limits_do_not_depend_on_the_chunking(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let input = Input::from_data(data);
    let bound = bound_of(data);
    let with = |cuts: &Cuts| decode(codec, Surface::Everything, bound, cuts.cut(&input.stream));
    let whole = with(&Cuts::Whole);
    for cuts in [
        Cuts::Every(1),
        Cuts::Every(2),
        Cuts::Every(7),
        Cuts::At(vec![0, 0]),
        input.cuts.clone(),
    ] {
        let seen = with(&cuts);
        seen.same_as(&whole)
            .map_err(|what| format!("{bound:?}, {cuts:?} of {:?}: {what}", input.stream))?;
    }
    Ok(())
}

/// Up to the place that an error tells, everything is as if there were no limit.
pub(super) fn items_before_a_limit_error_are_delivered(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let input = Input::from_data(data);
    let bound = bound_of(data);
    let seen = decode(codec, Surface::Comments, bound, input.chunks());
    let Some(failure) = seen.failures.first() else {
        let meant = Oracle::decode(&input.stream);
        return same(&input, bound, &meant, &seen);
    };
    let at = usize::try_from(failure.offset).map_err(|error| error.to_string())?;
    let Some(before) = input.stream.get(..at) else {
        return Err(format!(
            "offset {at} is not in a stream of {} bytes",
            input.stream.len()
        ));
    };
    let meant = Oracle::decode(before);
    if failure.after_items != seen.blocks.len() || seen.failures.len() != 1 {
        return Err(format!(
            "{bound:?}: something after a fatal error on {:?}:\n{seen}",
            input.stream
        ));
    }
    same(&input, bound, &meant, &seen)
}

/// A part of exactly the limit passes, with every line end, and one more byte does not.
pub(super) fn limits_are_exact(codec: &dyn Codec, data: &[u8]) -> Result<(), String> {
    let limit = 12 + usize::from(data.first().copied().unwrap_or_default() % 32);
    let end = ["\n", "\r", "\r\n"][data.len() % 3];
    let fill = |name: &str, length: usize| format!("{name}{}", "x".repeat(length - name.len()));
    let cases: [(Bound, &dyn Fn(usize) -> String); 7] = [
        (Bound::Line(limit), &|n| fill("data: ", n)),
        (Bound::Line(limit), &|n| fill(": ", n)),
        (Bound::Line(limit), &|n| fill("unknown: ", n)),
        // The line that follows is part of the event.
        (Bound::Event(limit), &|n| fill("data:", n - "data: y".len())),
        (Bound::Id(limit), &|n| format!("id: {}", "x".repeat(n))),
        (Bound::EventType(limit), &|n| {
            format!("event: {}", "x".repeat(n))
        }),
        (Bound::DataLines(limit), &|n| vec!["data"; n].join(end)),
    ];
    for (bound, part) in cases {
        for (over, fails) in [(0, false), (1, true)] {
            let stream = format!("{}{end}data: y{end}{end}", part(limit + over));
            let input = Input::from_data(data);
            let chunks = input
                .cuts
                .cut_within(&Bytes::from(stream.clone().into_bytes()));
            // The last case has a data line more than it says.
            let bound = match bound {
                Bound::DataLines(lines) => Bound::DataLines(lines + 1),
                other => other,
            };
            let seen = decode(codec, Surface::Events, bound, chunks);
            if seen.failures.is_empty() == fails {
                return Err(format!(
                    "{bound:?}, {over} bytes over on {stream:?}:\n{seen}"
                ));
            }
        }
    }
    Ok(())
}

fn bound_of(data: &[u8]) -> Bound {
    let [kind, limit] =
        [4, 5].map(|at| usize::from(data.iter().rev().nth(at).copied().unwrap_or_default()));
    match kind % 6 {
        0 => Bound::Line(1 + limit % 24),
        1 => Bound::Event(1 + limit % 40),
        2 => Bound::DataLines(1 + limit % 3),
        3 => Bound::Id(1 + limit % 4),
        4 => Bound::Stream(1 + limit % 64),
        _ => Bound::EventType(1 + limit % 4),
    }
}

fn same(input: &Input, bound: Bound, meant: &Expected, seen: &Decoded) -> Result<(), String> {
    if seen.outcome() == *meant {
        return Ok(());
    }
    Err(format!(
        "{bound:?} on {:?} cut {:?} means {meant:?}, got\n{seen}",
        input.stream, input.cuts
    ))
}

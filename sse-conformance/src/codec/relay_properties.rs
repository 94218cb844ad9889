use bytes::Bytes;
use sse_core::LineEnd;

use super::{
    Block, Bound, Codec, Dispatched, Door, Expected, Fields, Input, Oracle, Surface, check_wire,
    decode, wire::lines,
};

const LINE_ENDS: [LineEnd; 2] = [LineEnd::Lf, LineEnd::CrLf];

/// Through the codec's own decoder, with comments as items of their own.
pub(super) fn an_encoded_event_decodes_to_itself(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let fields = sanitized(&Input::fields(data));
    let cuts = Input::from_data(data).cuts;
    for line_end in LINE_ENDS {
        let wire = codec.encode(&fields, Door::Sanitized, line_end)?;
        let chunks = cuts.cut_within(&Bytes::from(wire.clone()));
        let seen = decode(codec, Surface::Everything, Bound::Unlimited, chunks);
        let (comments, blocks): (Vec<_>, Vec<_>) = seen
            .blocks
            .iter()
            .map(|block| block.fields.clone())
            .partition(|it| it.comment.is_some());
        let comments: Vec<String> = comments.into_iter().filter_map(|it| it.comment).collect();
        let meant = Fields {
            comment: None,
            ..fields.clone()
        };
        let meant: Vec<Fields> = (meant != Fields::default())
            .then_some(meant)
            .into_iter()
            .collect();
        if comments != comment_lines(&fields) || blocks != meant {
            return Err(format!(
                "{fields} came back through {:?} as\n{seen}",
                Bytes::from(wire)
            ));
        }
    }
    Ok(())
}

/// Through the oracle: one event or none, and nothing but what was asked for.
pub(super) fn an_event_is_one_block_whatever_strings_went_in(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let raw = Input::fields(data);
    let meant = meaning(&sanitized(&raw));
    for line_end in LINE_ENDS {
        let wire = codec.encode(&raw, Door::Sanitized, line_end)?;
        let fail = |what: String| format!("{raw} as {:?}: {what}", Bytes::copy_from_slice(&wire));
        check_wire(&raw, &wire).map_err(fail)?;
        let seen = Oracle::decode(&wire);
        if seen != meant {
            return Err(fail(format!("means {seen:?}, not {meant:?}")));
        }
        let probed = Oracle::decode(&[&wire, &b"data: probe\n\n"[..]].concat());
        let mut meant = meant.clone();
        meant
            .events
            .push(Dispatched::new("message", "probe", &meant.last_event_id));
        if probed != meant {
            return Err(fail(format!("a probe after it gives {probed:?}")));
        }
    }
    Ok(())
}

pub(super) fn a_list_is_the_concatenation_of_its_events(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let halves = data.split_at(data.len() / 2);
    let list = [
        Input::fields(halves.0),
        Input::fields(halves.1),
        Input::fields(data),
    ];
    for line_end in LINE_ENDS {
        let mut wire = Vec::new();
        let mut meant = Expected::default();
        for fields in &list {
            wire.extend(codec.encode(fields, Door::Sanitized, line_end)?);
            let one = meaning(&sanitized(fields));
            if fields.id.is_some() {
                meant.last_event_id = one.last_event_id;
            }
            meant.retry = one.retry.or(meant.retry);
            meant.comments.extend(one.comments);
            let id = &meant.last_event_id;
            meant
                .events
                .extend(one.events.into_iter().map(|it| Dispatched {
                    last_event_id: id.clone(),
                    ..it
                }));
        }
        let seen = Oracle::decode(&wire);
        if seen != meant {
            return Err(format!(
                "{:?} means {seen:?}, not {meant:?}",
                Bytes::from(wire)
            ));
        }
    }
    Ok(())
}

pub(super) fn illegal_text_is_refused_by_the_checked_door(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let fields = Input::fields(data);
    let has = |text: &Option<String>, illegal: &[char]| {
        text.as_ref().is_some_and(|text| text.contains(illegal))
    };
    let illegal = has(&fields.event, &['\r', '\n']) || has(&fields.id, &['\r', '\n', '\0']);
    match codec.encode(&fields, Door::Checked, LineEnd::Lf) {
        Ok(_) if illegal => Err(format!("accepted {fields}")),
        Ok(wire) if wire != codec.encode(&fields, Door::Sanitized, LineEnd::Lf)? => {
            Err(format!("the doors disagree about {fields}"))
        }
        Err(why) if !illegal && !has(&fields.comment, &['\r', '\n', '\0']) => {
            Err(format!("refused {fields}: {why}"))
        }
        _ => Ok(()),
    }
}

/// Decode, encode each item, decode: the same items.
pub(super) fn a_relay_passes_on_what_it_read(codec: &dyn Codec, data: &[u8]) -> Result<(), String> {
    let input = Input::from_data(data);
    let read = decode(codec, Surface::Everything, Bound::Unlimited, input.chunks());
    for line_end in LINE_ENDS {
        let mut wire = Vec::new();
        for Block { fields, .. } in &read.blocks {
            wire.extend(codec.encode(fields, Door::Sanitized, line_end)?);
        }
        let chunks = input.cuts.cut_within(&Bytes::from(wire));
        let again = decode(codec, Surface::Everything, Bound::Unlimited, chunks);
        if again.blocks != read.blocks {
            return Err(format!(
                "{:?} was read as\n{read}\nand re-read as\n{again}",
                input.stream
            ));
        }
    }
    Ok(())
}

/// What an encoder that removes illegal characters is left with.
fn sanitized(raw: &Fields) -> Fields {
    let without = |text: &Option<String>, illegal: &[char]| {
        text.as_ref().map(|text| text.replace(illegal, ""))
    };
    Fields {
        event: without(&raw.event, &['\r', '\n']),
        data: raw.data.as_ref().map(|data| lines(data).join("\n")),
        id: without(&raw.id, &['\r', '\n', '\0']),
        retry: raw.retry,
        comment: raw.comment.clone(),
    }
}

fn comment_lines(fields: &Fields) -> Vec<String> {
    fields
        .comment
        .iter()
        .flat_map(|comment| lines(comment))
        .map(ToOwned::to_owned)
        .collect()
}

fn meaning(fields: &Fields) -> Expected {
    let id = fields.id.clone().unwrap_or_default();
    let event = fields
        .event
        .as_deref()
        .filter(|event| !event.is_empty())
        .unwrap_or("message");
    let data = fields.data.iter();
    Expected {
        events: data.map(|data| Dispatched::new(event, data, &id)).collect(),
        comments: comment_lines(fields),
        retry: fields.retry,
        last_event_id: id,
    }
}

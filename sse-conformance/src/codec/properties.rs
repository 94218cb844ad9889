use std::ops::Range;

use bytes::Bytes;

use super::{
    Bound, Codec, Cuts, Decoded, Expected, Input, Oracle, Surface, bytes_of_seed, decode,
    limit_properties::{
        items_before_a_limit_error_are_delivered, limits_are_exact,
        limits_do_not_depend_on_the_chunking,
    },
    lint_properties::what_a_lint_passes_is_decoded_without_loss,
    relay_properties::{
        a_list_is_the_concatenation_of_its_events, a_relay_passes_on_what_it_read,
        an_encoded_event_decodes_to_itself, an_event_is_one_block_whatever_strings_went_in,
        illegal_text_is_refused_by_the_checked_door,
    },
};

/// Something that holds of a codec for every input.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Property {
    /// A sentence.
    pub name: &'static str,
    /// The fuzz target that asserts it; some cost too much for one.
    pub target: Option<&'static str>,
    /// Checks it on an input made of arbitrary bytes; an error says what is wrong.
    pub check: fn(&dyn Codec, &[u8]) -> Result<(), String>,
}

macro_rules! properties {
    ($($target:expr => $name:ident;)*) => {
        &[$(Property { name: stringify!($name), target: $target, check: $name }),*]
    };
}

/// All properties.
pub const PROPERTIES: &[Property] = properties![
    Some("decoder") => equals_the_oracle;
    Some("decoder") => any_chunking_gives_the_same_result;
    None => every_pair_of_splits_gives_the_same_result;
    Some("decoder") => nothing_waits_for_a_byte_that_it_does_not_need;
    Some("decoder") => a_new_connection_keeps_id_and_retry_only;
    Some("decoder") => limits_do_not_depend_on_the_chunking;
    Some("decoder") => items_before_a_limit_error_are_delivered;
    Some("decoder") => limits_are_exact;
    Some("lint") => what_a_lint_passes_is_decoded_without_loss;
    Some("round_trip") => an_encoded_event_decodes_to_itself;
    Some("round_trip") => a_relay_passes_on_what_it_read;
    Some("encoder") => an_event_is_one_block_whatever_strings_went_in;
    Some("encoder") => a_list_is_the_concatenation_of_its_events;
    Some("encoder") => illegal_text_is_refused_by_the_checked_door;
];

/// Runs every property on the inputs of these seeds.
///
/// # Errors
///
/// The name of the first property that does not hold, the seed, and what is wrong.
pub fn check_seeds(codec: &dyn Codec, seeds: Range<u64>) -> Result<(), String> {
    for seed in seeds {
        let data = bytes_of_seed(seed);
        for Property { name, check, .. } in PROPERTIES {
            check(codec, &data).map_err(|what| format!("{name}, seed {seed}: {what}"))?;
        }
    }
    Ok(())
}

/// Runs what a fuzz target asserts on one input.
///
/// # Errors
///
/// The name of the first property that does not hold, and what is wrong.
pub fn check_target(target: &str, codec: &dyn Codec, data: &[u8]) -> Result<(), String> {
    for Property { name, check, .. } in PROPERTIES.iter().filter(|it| it.target == Some(target)) {
        check(codec, data).map_err(|what| format!("{}: {name}: {what}", codec.name()))?;
    }
    Ok(())
}

fn equals_the_oracle(codec: &dyn Codec, data: &[u8]) -> Result<(), String> {
    let input = Input::from_data(data);
    let oracle = Oracle::decode(&input.stream);
    let seen = decode(codec, Surface::Comments, Bound::Unlimited, input.chunks());
    same(&input, &oracle, &seen)?;
    let oracle = Expected {
        comments: Vec::new(),
        ..oracle
    };
    same(
        &input,
        &oracle,
        &decode(codec, Surface::Events, Bound::Default, input.chunks()),
    )
}

fn any_chunking_gives_the_same_result(codec: &dyn Codec, data: &[u8]) -> Result<(), String> {
    let input = Input::from_data(data);
    let with = |cuts: &Cuts| {
        decode(
            codec,
            Surface::Everything,
            Bound::Unlimited,
            cuts.cut(&input.stream),
        )
    };
    let whole = with(&Cuts::Whole);
    let length = input.stream.len();
    let mut all: Vec<Cuts> = [(length / 2).max(1), (length / 3).max(1), 63, 64]
        .map(Cuts::Every)
        .into();
    all.push(input.cuts.clone());
    // The finest cuts cost the most, and on a long stream they show no more than on a short one.
    if length <= 400 {
        all.extend([1, 2, 3, 5, 7, 13].map(Cuts::Every));
        all.push(Cuts::At((0..=length).flat_map(|at| [at, at]).collect()));
    }
    for cuts in all {
        with(&cuts)
            .same_as(&whole)
            .map_err(|what| format!("{cuts:?} of {:?}: {what}", input.stream))?;
    }
    Ok(())
}

fn every_pair_of_splits_gives_the_same_result(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let mut input = Input::from_data(data);
    input.stream.truncate(18);
    let with = |cuts: Cuts| {
        decode(
            codec,
            Surface::Everything,
            Bound::Unlimited,
            cuts.cut(&input.stream),
        )
    };
    let whole = with(Cuts::Whole);
    for first in 0..=input.stream.len() {
        for second in first..=input.stream.len() {
            let seen = with(Cuts::At(vec![first, second]));
            seen.same_as(&whole)
                .map_err(|what| format!("{first}, {second} of {:?}: {what}", input.stream))?;
        }
    }
    Ok(())
}

/// Byte by byte, as many events are out as the bytes so far mean.
fn nothing_waits_for_a_byte_that_it_does_not_need(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let mut input = Input::from_data(data);
    input.stream.truncate(100);
    let chunks = Cuts::Every(1).cut(&input.stream);
    let seen = decode(codec, Surface::Events, Bound::Unlimited, chunks);
    for (at, out) in seen.after_chunk.iter().enumerate() {
        let due = Oracle::decode(&input.stream[..=at]).events.len();
        if *out != due {
            return Err(format!(
                "{out} events, not {due}, after {:?}",
                input.stream.slice(..=at)
            ));
        }
    }
    Ok(())
}

/// The stream is cut in two, and the second half is what the next connection gets.
fn a_new_connection_keeps_id_and_retry_only(codec: &dyn Codec, data: &[u8]) -> Result<(), String> {
    let input = Input::from_data(data);
    let at = input.stream.len() / 2;
    let halves = [input.stream.slice(..at), input.stream.slice(at..)];
    let mut decoder = codec.decoder(Surface::Comments, Bound::Unlimited);
    let (mut id, mut retry) = (String::new(), None);
    for half in halves {
        let meant = Oracle::resume(&id, &half);
        let mut seen = Decoded::default();
        for chunk in input.cuts.cut_within(&half) {
            decoder.feed(chunk, &mut seen);
        }
        decoder.finish(&mut seen);
        retry = meant.retry.or(retry);
        let meant = Expected { retry, ..meant };
        same(&input, &meant, &seen)?;
        id = meant.last_event_id;
        let header = decoder.reconnect().unwrap_or_default();
        if header != id.as_bytes() {
            return Err(format!("header {:?}, not {id:?}", Bytes::from(header)));
        }
    }
    Ok(())
}

fn same(input: &Input, meant: &Expected, seen: &Decoded) -> Result<(), String> {
    if seen.failures.is_empty() && seen.outcome() == *meant {
        return Ok(());
    }
    Err(format!(
        "{:?} cut {:?} means {meant:?}, got\n{seen}",
        input.stream, input.cuts
    ))
}

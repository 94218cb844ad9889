#![forbid(unsafe_code)]
//! What holds of the codec for every input, at both levels.

use bytes::{Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};
use sse_conformance::codec::{Codec, Door, Input, PROPERTIES, Real, event_of};
use sse_core::{
    Decoder, DecoderOptions, EncodedBatch, EncodedEvent, Encoder, Event, EventId, EventType,
    FieldOrder, LineEnd, SliceDecoder, Strip,
};

const ENCODERS: [Encoder; 4] = [
    Encoder::new(),
    Encoder::new().line_end(LineEnd::CrLf),
    Encoder::new().field_order(FieldOrder::EventFirst),
    Encoder::new()
        .line_end(LineEnd::CrLf)
        .field_order(FieldOrder::EventFirst),
];

/// Bytes that [`Input`] makes a stream or an event of.
fn data() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..90)
}

/// Any event that the types can hold.
fn event() -> impl Strategy<Value = Event> {
    data().prop_map(|data| {
        event_of(&Input::fields(&data), Door::Sanitized).expect("a sanitized event is legal")
    })
}

/// Text with a liking for line ends.
fn text() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![
            Just('\r'),
            Just('\n'),
            Just('\0'),
            Just('\u{2028}'),
            any::<char>()
        ],
        0..20,
    )
    .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_property_of_a_codec_holds(data in data()) {
        for codec in Real::ALL {
            for property in PROPERTIES {
                if let Err(what) = (property.check)(&codec, &data) {
                    return Err(TestCaseError::fail(format!("{}: {}: {what}", codec.name(), property.name)));
                }
            }
        }
    }

    #[test]
    fn both_levels_give_the_same_events(data in data()) {
        let input = Input::from_data(&data);
        let options = DecoderOptions::new().comments().dataless_blocks();
        let (mut owned, mut borrowed) = (Decoder::with_options(options), SliceDecoder::with_options(options));
        for chunk in input.chunks() {
            owned.push(chunk.clone());
            let mut events = borrowed.decode(&chunk);
            while let Some(event) = events.next() {
                prop_assert_eq!(owned.next(), Some(event.map(|event| event.to_received())));
            }
            drop(events);
            prop_assert_eq!(owned.next(), None);
            prop_assert_eq!(owned.position(), borrowed.position());
            prop_assert_eq!(owned.in_event(), borrowed.in_event());
            prop_assert_eq!(owned.buffered(), borrowed.buffered());
            prop_assert_eq!(owned.last_event_id().as_str(), borrowed.last_event_id());
            prop_assert_eq!(owned.reconnection_time(), borrowed.reconnection_time());
        }
        prop_assert_eq!(owned.position(), input.stream.len() as u64);
    }

    #[test]
    fn encoded_len_is_exact_and_every_way_to_encode_agrees(event in event()) {
        for encoder in ENCODERS {
            let encoded = encoder.encode(&event);
            prop_assert_eq!(encoder.encoded_len(&event), encoded.len());
            prop_assert_eq!(encoder.encode_to_string(&event), encoded.as_str());
            prop_assert_eq!(&encoder.encode_all([&event]), encoded.as_bytes());
            let (mut string, mut vector, mut bytes) = (String::from("before"), b"before".to_vec(), BytesMut::from("before"));
            encoder.encode_into(&event, &mut string);
            encoder.encode_into(&event, &mut vector);
            encoder.encode_into(&event, &mut bytes);
            let expected = format!("before{}", encoded.as_str());
            prop_assert_eq!((&*string, &*vector, &*bytes), (&*expected, expected.as_bytes(), expected.as_bytes()));
            prop_assert_eq!(encoder.encode(&event.clone()), encoded);
        }
        prop_assert_eq!(event.encoded_len(), event.encode().len());
    }

    #[test]
    fn the_place_of_the_id_is_known(event in event()) {
        for encoder in ENCODERS {
            let encoded = encoder.encode(&event);
            prop_assert_eq!(encoded.id(), event.id.as_ref().map(EventId::as_str));
            prop_assert_eq!(encoded.event_id(), event.id.clone());
            let at = encoded.id_range().map(|range| &encoded.as_bytes()[range]);
            prop_assert_eq!(at, event.id.as_ref().map(|id| id.as_str().as_bytes()));
        }
    }

    #[test]
    fn what_was_encoded_is_accepted_as_wire_bytes(event in event()) {
        for encoder in ENCODERS {
            let encoded = encoder.encode(&event);
            if encoded.is_empty() {
                continue;
            }
            let again = EncodedEvent::from_wire(encoded.as_bytes().clone()).unwrap();
            prop_assert_eq!(again.id(), encoded.id());
            prop_assert_eq!(again, encoded);
        }
    }

    #[test]
    fn a_list_and_a_batch_are_the_concatenation(events in vec(event(), 0..6)) {
        for encoder in ENCODERS {
            let each: Vec<EncodedEvent> = events.iter().map(|event| encoder.encode(event)).collect();
            let joined = each.iter().map(EncodedEvent::as_str).collect::<String>();
            prop_assert_eq!(&encoder.encode_all(&events), joined.as_bytes());
            prop_assert_eq!(&encoder.encode_all_to_string(&events), &joined);
            let batch: EncodedBatch = each.iter().cloned().collect();
            prop_assert_eq!(batch.as_bytes(), joined.as_bytes());
            prop_assert_eq!(batch.events(), each.iter().filter(|event| !event.is_empty()).count());
            let last = events.iter().rev().find_map(|event| event.id.as_ref());
            prop_assert_eq!(batch.last_id(), last);
        }
    }

    #[test]
    fn the_order_of_setters_does_not_matter(event in event(), noise in event()) {
        let Event { event: name, data, id, retry, comment, .. } = event.clone();
        let mut one = noise.clone();
        let mut other = Event::empty();
        if let Some(name) = name { one = one.event(name.clone()); other.event = Some(name); } else { one.event = None; }
        if let Some(data) = data { one = one.data(data.clone()); other = other.data("x").data(data); } else { one.data = None; }
        if let Some(id) = id { one = one.id(id.clone()); other = other.id(id); } else { one.id = None; }
        if let Some(retry) = retry { one = one.retry(retry); other = other.retry(7_u8).retry(retry); } else { one.retry = None; }
        if let Some(comment) = comment { one = one.comment(comment.clone()); other = other.comment(comment); } else { one.comment = None; }
        prop_assert_eq!(&one, &event);
        prop_assert_eq!(one.encode(), other.encode());
    }

    #[test]
    fn text_and_bytes_are_the_same_at_every_door(data in data()) {
        let stream = Input::from_data(&data).stream;
        let Ok(text) = std::str::from_utf8(&stream) else { return Ok(()) };
        let owned = text.to_owned();
        let (events, _) = Decoder::new().decode_all(stream.clone());
        prop_assert_eq!(&Decoder::new().decode_all(owned.clone()).0, &events);
        prop_assert_eq!(&Decoder::new().decode_all(Bytes::from(owned).to_vec()).0, &events);
    }

    #[test]
    fn sanitizing_is_idempotent_and_counts_what_it_removed(text in text()) {
        for strip in [Strip::LineEnds, Strip::Nul, Strip::UnicodeSeparators, Strip::Controls] {
            let once = EventType::sanitized(text.clone(), strip);
            prop_assert_eq!(once.removed > 0, once.value.as_str() != text);
            let twice = EventType::sanitized(once.value.as_str().to_owned(), strip);
            prop_assert_eq!((twice.removed, &twice.value), (0, &once.value));
            prop_assert!(!once.value.as_str().contains(['\r', '\n']));

            let id = EventId::sanitized(text.clone(), strip);
            prop_assert!(!id.value.as_str().contains(['\r', '\n', '\0']));
            let kept = |character: &char| !['\r', '\n', '\0'].contains(character);
            if strip == Strip::LineEnds {
                prop_assert_eq!(id.value.as_str(), text.chars().filter(kept).collect::<String>());
            }
        }
    }

    #[test]
    fn the_checked_door_takes_exactly_what_is_legal(text in text()) {
        prop_assert_eq!(EventType::try_from(text.as_str()).is_err(), text.contains(['\r', '\n']));
        prop_assert_eq!(EventType::strict(text.as_str()).is_err(), text.contains(char::is_control));
        prop_assert_eq!(EventId::try_from(text.clone()).is_err(), text.contains(['\r', '\n', '\0']));
        prop_assert_eq!(text.parse::<EventId>().is_err(), text.contains(['\r', '\n', '\0']));
        prop_assert_eq!(Event::empty().try_comment(text.as_str()).is_err(), text.contains(['\r', '\n', '\0']));
    }
}

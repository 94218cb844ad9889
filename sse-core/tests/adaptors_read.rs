//! Events from readers.
#![cfg(feature = "std")]

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read},
    num::NonZeroUsize,
};

use proptest::{collection::vec, prelude::*};
use sse_core::{Encoder, Event, EventsError, ReadExt as _};

/// A reader that does what the script says, and panics when it is asked for more.
struct Script(VecDeque<Result<&'static [u8], ErrorKind>>);

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut part = self.0.pop_front().expect("a read that nobody needed")?;
        let read = part.read(buffer)?;
        if !part.is_empty() {
            self.0.push_front(Ok(part));
        }
        Ok(read)
    }
}

#[test]
fn a_reader_gives_each_event_before_the_next_read() {
    let script = [
        Ok(&b"data: a\n\ndata:"[..]),
        Err(ErrorKind::Interrupted),
        Ok(b" b\r\r"),
        Ok(b""),
    ];
    let mut events = Script(script.into()).events();
    assert_eq!(events.next().unwrap().unwrap().data(), "a");
    assert_eq!(events.get_ref().0.len(), 3);
    assert_eq!(events.next().unwrap().unwrap().data(), "b");
    assert_eq!(events.get_ref().0.len(), 1);
    assert!(events.next().is_none() && events.next().is_none());
}

#[test]
fn a_reader_goes_on_after_a_timeout_but_not_after_a_failure() {
    let script = [
        Ok(&b"data: a\n\ndata: b"[..]),
        Err(ErrorKind::TimedOut),
        Err(ErrorKind::WouldBlock),
        Ok(b"\n\n"),
        Err(ErrorKind::ConnectionReset),
    ];
    let mut events = Script(script.into()).events();
    let mut next = || {
        events.next().map(|item| {
            item.map(|received| received.data().to_owned())
                .map_err(|error| match error {
                    EventsError::Transport(error) => error.kind(),
                    other => panic!("{other}"),
                })
        })
    };
    assert_eq!(next(), Some(Ok("a".to_owned())));
    assert_eq!(next(), Some(Err(ErrorKind::TimedOut)));
    assert_eq!(next(), Some(Err(ErrorKind::WouldBlock)));
    assert_eq!(next(), Some(Ok("b".to_owned())));
    assert_eq!(next(), Some(Err(ErrorKind::ConnectionReset)));
    assert_eq!(next(), None);
}

proptest! {
    #[test]
    fn read_sizes_do_not_matter(parts in vec("[a-z\n]{0,9}", 0..40), size in 1_usize..40) {
        let events: Vec<Event> = parts.into_iter().map(Event::new).collect();
        let wire = Encoder::new().encode_all(&events);
        let read = wire.as_ref().events().read_size(NonZeroUsize::new(size).unwrap());
        let read: Vec<Event> = read.map(|item| item.unwrap().event).collect();
        prop_assert_eq!(read, events);
    }
}

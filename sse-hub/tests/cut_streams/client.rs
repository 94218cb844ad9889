//! What a browser keeps of a stream, and what a careful one may conclude from it.

use sse_core::{Decoder, DecoderOptions, Event, EventId, Gap};

/// What the page was told, over all connections.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    Data(u64),
    Gap(String),
}

#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) last_event_id: EventId,
    pub(crate) told: Vec<Told>,
}

impl Client {
    pub(crate) fn resuming(last_event_id: Option<EventId>) -> Self {
        Self {
            last_event_id: last_event_id.unwrap_or_default(),
            told: Vec::new(),
        }
    }

    /// Reads what one connection brought before it broke.
    pub(crate) fn read(&mut self, wire: &[u8]) {
        let mut decoder = Decoder::with_options(DecoderOptions::new().comments());
        decoder.push(wire.to_vec());
        while let Some(received) = decoder.next() {
            let received = received.unwrap();
            let comment = received.event.comment.as_deref().unwrap_or_default();
            for text in [received.data(), comment] {
                if let Some(reason) = gap_reason(text) {
                    self.told.push(Told::Gap(reason));
                } else if let Ok(number) = text.parse() {
                    self.told.push(Told::Data(number));
                }
            }
        }
        if !decoder.last_event_id().is_empty() {
            self.last_event_id = decoder.last_event_id().clone();
        }
    }

    pub(crate) fn gaps(&self) -> Vec<&str> {
        let gaps = self.told.iter().filter_map(|told| match told {
            Told::Gap(reason) => Some(&**reason),
            Told::Data(_) => None,
        });
        gaps.collect()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        let numbers = self.told.iter().filter_map(|told| match told {
            Told::Data(number) => Some(*number),
            Told::Gap(_) => None,
        });
        numbers.collect()
    }

    /// Whether numbers only ever go up, and by one unless a gap stands between them.
    pub(crate) fn missed_nothing_in_silence(&self, seen_before: Option<u64>) -> Result<(), String> {
        let (mut last, mut gap) = (seen_before, false);
        for told in &self.told {
            match told {
                Told::Gap(_) => gap = true,
                Told::Data(number) => {
                    match last {
                        Some(last) if *number <= last => {
                            return Err(format!("{number} came after {last}"));
                        }
                        Some(last) if !gap && *number > last + 1 => {
                            return Err(format!("nothing was said between {last} and {number}"));
                        }
                        _ => {}
                    }
                    (last, gap) = (Some(*number), false);
                }
            }
        }
        Ok(())
    }
}

/// The reason of a gap, whether it came as event, message or comment.
fn gap_reason(text: &str) -> Option<String> {
    let gap = Event::new(text.to_owned()).event(Gap::EVENT_TYPE).gap()?;
    // A closing event has a reason alone.
    gap.requested?;
    Some(gap.reason.to_string())
}

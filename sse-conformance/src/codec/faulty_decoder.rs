use bytes::Bytes;

use super::{Decoded, Decoding, Failure, Fault, Fields, Surface};

/// A decoder that takes one byte at a time and keeps no more state than the standard does.
pub(super) struct FaultyDecoder {
    fault: Option<Fault>,
    surface: Surface,
    line: Vec<u8>,
    lines: u64,
    position: u64,
    after_cr: bool,
    fields: Fields,
    id_buffer: String,
    last_event_id: String,
    retry: Option<u64>,
    ended: bool,
}

const BOM: char = '\u{FEFF}';

impl FaultyDecoder {
    pub(super) fn new(fault: Option<Fault>, surface: Surface) -> Self {
        Self {
            fault,
            surface,
            line: Vec::new(),
            lines: 0,
            position: 0,
            after_cr: false,
            fields: Fields::default(),
            id_buffer: String::new(),
            last_event_id: String::new(),
            retry: None,
            ended: false,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn byte(&mut self, byte: u8, seen: &mut Decoded) {
        let after_cr = std::mem::take(&mut self.after_cr);
        if after_cr && self.has(Fault::CrWaits) {
            self.end_line(seen);
        }
        self.position += 1;
        match byte {
            b'\n' if after_cr => {}
            b'\n' | b'\r'
                if self.has(Fault::BomHidesLineEnd)
                    && self.lines == 0
                    && self.line == b"\xEF\xBB\xBF" =>
            {
                self.line.push(byte);
            }
            b'\n' => self.end_line(seen),
            b'\r' if !self.has(Fault::CrIgnored) => {
                self.after_cr = true;
                if !self.has(Fault::CrWaits) {
                    self.end_line(seen);
                }
            }
            _ => self.line.push(byte),
        }
        if self.has(Fault::SeparatorEndsLine) && self.line.ends_with("\u{2028}".as_bytes()) {
            self.line.truncate(self.line.len() - 3);
            self.end_line(seen);
        }
    }

    fn end_line(&mut self, seen: &mut Decoded) {
        let bytes = std::mem::take(&mut self.line);
        if self.has(Fault::BadUtf8Fails) && std::str::from_utf8(&bytes).is_err() {
            let after_items = seen.blocks.len();
            let (kind, limit) = ("InvalidUtf8".to_owned(), String::new());
            seen.failures.push(Failure {
                kind,
                limit,
                offset: self.position,
                after_items,
            });
            self.ended = true;
            return;
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if self.has(Fault::BadUtf8Dropped) {
            text = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
        }
        let mut line = text.as_str();
        let first =
            self.lines == 0 && !self.has(Fault::BomKept) && !self.has(Fault::BomKeptIfSplit);
        if first || self.has(Fault::BomStrippedEverywhere) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        if first && self.has(Fault::TwoBomsStripped) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        self.lines += 1;
        self.interpret(line, seen);
    }

    fn interpret(&mut self, line: &str, seen: &mut Decoded) {
        if line.is_empty() {
            return self.dispatch(seen);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = match value.strip_prefix(' ') {
            Some(value) if self.has(Fault::AllSpacesStripped) => value.trim_start_matches(' '),
            Some(value) => value,
            None => value,
        };
        let name = if self.has(Fault::NameIgnoresCase) {
            name.to_ascii_lowercase()
        } else {
            name.to_owned()
        };
        match name.as_str() {
            "" if self.surface != Surface::Events => {
                let comment = Fields {
                    comment: Some(value.to_owned()),
                    ..Fields::default()
                };
                seen.push(comment, &self.last_event_id);
            }
            "event" => self.fields.event = Some(value.to_owned()),
            "data" => match &mut self.fields.data {
                Some(data) => *data = format!("{data}\n{value}"),
                none => *none = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') || self.has(Fault::IdWithNul) => {
                if value.is_empty() && self.has(Fault::EmptyIdIgnored) {
                    return;
                }
                self.fields.id = Some(value.to_owned());
                value.clone_into(&mut self.id_buffer);
                if self.has(Fault::IdBeforeBlankLine) {
                    value.clone_into(&mut self.last_event_id);
                }
            }
            "retry" => {
                let Some(retry) = self.retry_of(value) else {
                    return;
                };
                self.fields.retry = Some(retry);
                if !self.has(Fault::RetryNeedsBlankLine) {
                    self.retry = Some(retry);
                }
            }
            _ => {}
        }
    }

    fn retry_of(&self, value: &str) -> Option<u64> {
        let mut value = value;
        if self.has(Fault::RetryTakesSign) {
            value = value.strip_prefix('+').unwrap_or(value);
        }
        if self.has(Fault::RetryTakesPrefix) {
            let end = value
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(value.len());
            value = &value[..end];
        }
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(value.bytes().fold(0_u64, |number, digit| {
            let digit = u64::from(digit - b'0');
            if self.has(Fault::RetryWraps) {
                number.wrapping_mul(10).wrapping_add(digit)
            } else {
                number
                    .checked_mul(10)
                    .and_then(|number| number.checked_add(digit))
                    .unwrap_or(u64::MAX)
            }
        }))
    }

    fn dispatch(&mut self, seen: &mut Decoded) {
        let mut fields = std::mem::take(&mut self.fields);
        if self.has(Fault::RetryNeedsBlankLine) {
            self.retry = fields.retry.or(self.retry);
        }
        let lost = match fields.data.as_deref() {
            None => true,
            Some("") => self.has(Fault::EmptyDataLost),
            Some(_) => false,
        };
        if !lost || !self.has(Fault::IdLostWithoutData) {
            self.last_event_id.clone_from(&self.id_buffer);
        } else {
            self.id_buffer.clone_from(&self.last_event_id);
        }
        if lost && self.has(Fault::EventTypeLeaks) {
            self.fields.event.clone_from(&fields.event);
        }
        if self.has(Fault::NewlinesTrimmed) {
            fields.data = fields
                .data
                .map(|data| data.trim_end_matches('\n').to_owned());
        }
        if !lost || (self.surface == Surface::Everything && fields != Fields::default()) {
            seen.push(fields, &self.last_event_id);
        }
    }

    fn leave(&self, seen: &mut Decoded) {
        self.last_event_id.clone_into(&mut seen.last_event_id);
        seen.retry = self.retry;
    }
}

impl Decoding for FaultyDecoder {
    fn feed(&mut self, chunk: Bytes, seen: &mut Decoded) {
        self.ended |= chunk.is_empty() && self.has(Fault::EmptyChunkEnds);
        let mut chunk = chunk;
        if self.has(Fault::CrlfSplitIsTwo) {
            self.after_cr = false;
        }
        if self.has(Fault::Utf8PerChunk) {
            // The mark is not what this fault is about.
            chunk = String::from_utf8_lossy(&chunk).into_owned().into();
        }
        if self.has(Fault::BomKeptIfSplit)
            && self.position == 0
            && chunk.starts_with(b"\xEF\xBB\xBF")
        {
            chunk = chunk.slice(3..);
        }
        for &byte in &chunk {
            if !self.ended {
                self.byte(byte, seen);
            }
        }
    }

    fn finish(&mut self, seen: &mut Decoded) {
        if self.after_cr && self.has(Fault::CrWaits) {
            self.end_line(seen);
        }
        if self.has(Fault::EofDispatches) {
            if !self.line.is_empty() {
                self.end_line(seen);
            }
            self.dispatch(seen);
        }
        self.leave(seen);
    }

    fn reconnect(&mut self) -> Option<Vec<u8>> {
        let mut next = Self::new(self.fault, self.surface);
        next.retry = self.retry;
        if self.has(Fault::ReconnectKeepsBlock) {
            next.fields = std::mem::take(&mut self.fields);
        }
        if !self.has(Fault::ReconnectForgetsId) {
            next.last_event_id.clone_from(&self.last_event_id);
            next.id_buffer.clone_from(&self.last_event_id);
        }
        *self = next;
        (!self.last_event_id.is_empty()).then(|| self.last_event_id.clone().into_bytes())
    }
}

use bytes::Bytes;

use super::{Bound, Codec, Decoded, Decoding, Failure, Fault, Real, Surface};

/// The real decoder behind a limit that looks at chunks instead of lines.
pub(super) struct FaultyLimits {
    fault: Option<Fault>,
    bound: Bound,
    position: u64,
    failed: bool,
    inner: Box<dyn Decoding>,
}

impl FaultyLimits {
    pub(super) fn new(fault: Option<Fault>, surface: Surface, bound: Bound) -> Self {
        let inner = Real::Owned.decoder(surface, bound);
        Self {
            fault,
            bound,
            position: 0,
            failed: false,
            inner,
        }
    }
}

impl Decoding for FaultyLimits {
    fn feed(&mut self, chunk: Bytes, seen: &mut Decoded) {
        if self.failed {
            return;
        }
        let length = chunk.len();
        match (self.fault, self.bound) {
            (Some(Fault::LimitPerChunk), Bound::Line(limit)) if length > limit => {
                self.failed = true;
                let (kind, limit) = ("TooLarge(Line)".to_owned(), limit.to_string());
                let after_items = seen.blocks.len();
                seen.failures.push(Failure {
                    kind,
                    limit,
                    offset: self.position,
                    after_items,
                });
            }
            (Some(Fault::LimitEatsItems), _) => {
                let before = seen.clone();
                self.inner.feed(chunk, seen);
                if !seen.failures.is_empty() {
                    let failures = std::mem::replace(seen, before).failures;
                    seen.failures = failures;
                    self.failed = true;
                }
            }
            _ => self.inner.feed(chunk, seen),
        }
        self.position += length as u64;
    }

    fn finish(&mut self, seen: &mut Decoded) {
        if !self.failed {
            self.inner.finish(seen);
        }
    }

    fn reconnect(&mut self) -> Option<Vec<u8>> {
        self.inner.reconnect()
    }
}

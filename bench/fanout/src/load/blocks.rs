//! The blocks of an event stream: as much as it takes to know each event by its number.

use std::{mem, time::Duration};

use anyhow::{Context, Result, bail};
use memchr::memchr;

use super::record::Number;

/// What a block told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Event(Number),
    /// An event of the server's own: a gap or the end is told.
    Notice,
}

/// Lines of one stream, cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    number: Option<Number>,
    is_notice: bool,
    retry: Option<Duration>,
}

impl Blocks {
    /// The reconnection time that was told last.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Hands over each block that ends in this piece.
    pub(crate) fn feed(
        &mut self,
        mut piece: &[u8],
        mut block: impl FnMut(Block) -> Result<()>,
    ) -> Result<()> {
        while let Some(end) = memchr(b'\n', piece) {
            let (line, rest) = (&piece[..end], &piece[end + 1..]);
            if self.partial.is_empty() {
                self.line(line, &mut block)?;
            } else {
                let mut whole = mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.line(&whole, &mut block)?;
                whole.clear();
                self.partial = whole;
            }
            piece = rest;
        }
        self.partial.extend_from_slice(piece);
        Ok(())
    }

    fn line(&mut self, line: &[u8], block: &mut impl FnMut(Block) -> Result<()>) -> Result<()> {
        if line.is_empty() {
            let number = self.number.take();
            if mem::take(&mut self.is_notice) {
                return block(Block::Notice);
            }
            return number.map_or(Ok(()), |number| block(Block::Event(number)));
        }
        if let Some(data) = line.strip_prefix(b"data:") {
            if self.number.is_some() {
                bail!("an event has two lines of data");
            }
            // Data of a notice is the server's own; its `event` line comes first.
            if !self.is_notice {
                self.number = Some(number_of(data)?);
            }
        } else if let Some(millis) = line.strip_prefix(b"retry: ") {
            let millis = str::from_utf8(millis)?.parse()?;
            self.retry = Some(Duration::from_millis(millis));
        } else if line.starts_with(b"event:") {
            self.is_notice = true;
        }
        Ok(())
    }
}

/// The body that is published: the number in so many digits, then padding.
pub(crate) fn data_of(number: Number, len: usize) -> Vec<u8> {
    let mut data = format!("{number:0DIGITS$} ").into_bytes();
    data.resize(len.max(DIGITS), b'x');
    data
}

fn number_of(data: &[u8]) -> Result<Number> {
    let data = data.strip_prefix(b" ").unwrap_or(data);
    let digits = data.get(..DIGITS).context("data is too short")?;
    digits.iter().try_fold(0, |number: Number, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            bail!("data is not what was published: {:?}", data.escape_ascii());
        }
        Ok(number * 10 + Number::from(digit))
    })
}

const DIGITS: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(pieces: &[&[u8]]) -> Result<Vec<Block>> {
        let (mut reader, mut seen) = (Blocks::default(), Vec::new());
        for piece in pieces {
            reader.feed(piece, |block| {
                seen.push(block);
                Ok(())
            })?;
        }
        Ok(seen)
    }

    #[test]
    fn events_cut_anywhere_are_known_by_their_numbers() {
        let mut stream = b":\n\nid: e-1-x\ndata: ".to_vec();
        stream.extend(data_of(123, 200));
        stream.extend(b"\n\nid: e-2-x\n\nevent: hub.gap\ndata: {}\n\ndata:");
        stream.extend(data_of(456, 20));
        stream.extend(b"\n\n");
        let expected = [Block::Event(123), Block::Notice, Block::Event(456)];
        for cut in 0..stream.len() {
            let (a, b) = stream.split_at(cut);
            assert_eq!(blocks(&[a, b]).unwrap(), expected, "{cut}");
        }
    }

    #[test]
    fn the_reconnection_time_is_what_was_told_last() {
        let mut reader = Blocks::default();
        let stream = b": ok\nretry: 1000\n\nretry: 25";
        reader.feed(stream, |_| Ok(())).unwrap();
        assert_eq!(reader.retry(), Some(Duration::from_secs(1)));
        assert!(reader.feed(b"00x\n", |_| Ok(())).is_err());
    }

    #[test]
    fn data_that_was_not_published_is_an_error() {
        assert!(blocks(&[b"data: hello, you\n\n"]).is_err());
        assert!(blocks(&[b"data: 000000001\ndata: 000000002\n\n"]).is_err());
    }
}

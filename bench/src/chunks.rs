//! An input in memory, fed as chunks the way a transport would hand them over.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_core::Stream;

/// A stream's bytes and how they are cut.
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    bytes: &'a Bytes,
    size: usize,
    supply: Supply,
}

/// Where the memory of an owned chunk comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// Each chunk is a slice of the one input: no copy, a reference count.
    Shared,
    /// Each chunk is allocated when it is fed, so that a decoder that keeps it is charged for it.
    Fresh,
}

impl<'a> Chunks<'a> {
    pub fn new(bytes: &'a Bytes, size: usize, supply: Supply) -> Self {
        Self {
            bytes,
            size,
            supply,
        }
    }

    /// The chunks for contenders that borrow.
    #[inline]
    pub fn slices(self) -> std::slice::Chunks<'a, u8> {
        self.bytes.chunks(self.size)
    }

    /// The chunks for contenders that take `Bytes`.
    #[inline]
    pub fn owned(self) -> Owned {
        Owned {
            bytes: self.bytes.clone(),
            position: 0,
            size: self.size,
            supply: self.supply,
        }
    }
}

/// Owned chunks, as an iterator and as a stream that is always ready.
#[derive(Clone, Debug)]
pub struct Owned {
    bytes: Bytes,
    position: usize,
    size: usize,
    supply: Supply,
}

impl Iterator for Owned {
    type Item = Bytes;

    #[inline]
    fn next(&mut self) -> Option<Bytes> {
        if self.position == self.bytes.len() {
            return None;
        }
        let end = self
            .position
            .saturating_add(self.size)
            .min(self.bytes.len());
        let range = self.position..end;
        self.position = end;
        Some(match self.supply {
            Supply::Shared => self.bytes.slice(range),
            Supply::Fresh => Bytes::copy_from_slice(&self.bytes[range]),
        })
    }
}

/// Makes any iterator a stream that is always ready.
#[derive(Clone, Debug)]
pub struct Ready<I>(pub I);

impl<I: Iterator + Unpin> Stream for Ready<I> {
    type Item = I::Item;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// Drives a stream that never waits, without a runtime.
#[inline]
pub fn drain<S: Stream>(stream: S, mut each: impl FnMut(S::Item)) {
    let mut stream = std::pin::pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        each(item);
    }
}

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;

#[cfg(feature = "compression")]
use crate::compression::Decompression;
use crate::transport::{ResponseBody, TransportError};

/// The body of a response, without its compression.
pub(super) struct Body {
    raw: ResponseBody,
    #[cfg(feature = "compression")]
    compression: Option<Decompression>,
    heard: bool,
}

impl Body {
    pub(super) fn new(raw: ResponseBody) -> Self {
        Self {
            raw,
            #[cfg(feature = "compression")]
            compression: None,
            heard: false,
        }
    }

    /// Undoes a compression, if it is one that is known; otherwise gives the body back.
    #[cfg(feature = "compression")]
    pub(super) fn decompressed(mut self, encoding: &[u8]) -> Result<Self, Self> {
        self.compression = Decompression::of(encoding);
        if self.compression.is_some() {
            Ok(self)
        } else {
            Err(self)
        }
    }

    #[cfg(not(feature = "compression"))]
    pub(super) fn decompressed(self, _encoding: &[u8]) -> Result<Self, Self> {
        Err(self)
    }

    /// Tells whether the server has sent bytes since this was last asked, whatever they decode to.
    #[inline]
    pub(super) fn take_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = &mut *self;
        #[cfg(feature = "compression")]
        if let Some(compression) = &mut body.compression
            && compression.has_more()
        {
            return Poll::Ready(Some(compression.piece()));
        }
        let next = ready!(Pin::new(&mut body.raw).poll_next(cx));
        body.heard |= matches!(&next, Some(Ok(chunk)) if !chunk.is_empty());
        #[cfg(feature = "compression")]
        if let Some(compression) = &mut body.compression {
            return Poll::Ready(match next {
                Some(Ok(chunk)) => Some(compression.push(chunk)),
                Some(Err(error)) => Some(Err(error)),
                None => compression.finish().err().map(Err),
            });
        }
        Poll::Ready(next)
    }
}

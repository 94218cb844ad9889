use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection of HTTP/2 that counts what the library above it does not show: empty DATA frames
/// that end nothing.
pub(super) struct Tap {
    empty_frames: Arc<AtomicUsize>,
    header: Vec<u8>,
    /// Bytes of the current frame still to come.
    rest: usize,
    stream: TcpStream,
}

const HEADER: usize = 9;
const DATA: u8 = 0;
const END_STREAM: u8 = 1;

impl Tap {
    pub(super) fn new(stream: TcpStream) -> Self {
        let empty_frames = Arc::default();
        Self {
            empty_frames,
            header: Vec::with_capacity(HEADER),
            rest: 0,
            stream,
        }
    }

    pub(super) fn empty_frames(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.empty_frames)
    }

    /// Follows the frames, [RFC 9113, section 4.1](https://www.rfc-editor.org/rfc/rfc9113#section-4.1).
    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.rest.min(bytes.len());
            self.rest -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEADER - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if let [high, middle, low, kind, flags, ..] = self.header[..]
                && self.header.len() == HEADER
            {
                self.rest = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                if self.rest == 0 && kind == DATA && flags & END_STREAM == 0 {
                    self.empty_frames.fetch_add(1, Ordering::Relaxed);
                }
                self.header.clear();
            }
        }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.follow(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::coop;

use super::{Ending, EventStream};
use crate::Event;
use crate::body::frame::Frame;
use crate::body::{EndReason, OnError, Piece, StreamItem};

/// What a stream that is never pending may send before another task has its turn. Tokio's own budget is usually spent earlier.
const FRAMES_IN_A_ROW: u32 = 128;
/// As [`FRAMES_IN_A_ROW`], for items that never fill a frame, such as events that encode to nothing.
const ITEMS_IN_A_POLL: u32 = 4096;
/// Items that cost one unit of tokio's budget; a unit is meant for something as large as a read from a socket.
const ITEMS_A_UNIT: u32 = 64;

impl<S, E> EventStream<S>
where
    S: Stream<Item: StreamItem<Error = E>>,
{
    pub(super) fn poll_first(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.as_mut().poll_signal(cx);
        match self.as_mut().next_piece(cx, &mut 0) {
            Next::Piece(piece) => *self.project().held = Some(piece),
            Next::Idle | Next::Yield => return Poll::Pending,
            Next::Over => {}
        }
        Poll::Ready(())
    }

    pub(super) fn poll_bytes(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, E>>> {
        if self.closing.is_closed() {
            return Poll::Ready(None);
        }
        let budget = ready!(coop::poll_proceed(cx));
        if self.frames_in_a_row == FRAMES_IN_A_ROW {
            *self.project().frames_in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.as_mut().poll_unlimited(cx);
        let frames_in_a_row = self.project().frames_in_a_row;
        if polled.is_ready() {
            budget.made_progress();
            *frames_in_a_row += 1;
        } else {
            *frames_in_a_row = 0;
        }
        polled
    }

    fn poll_unlimited(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, E>>> {
        self.as_mut().poll_signal(cx);
        let mut frame = Frame::default();
        let mut asked = 0;
        while !frame.is_full() {
            match self.as_mut().next_piece(cx, &mut asked) {
                Next::Piece(piece) => {
                    if let Err(piece) = frame.push(piece) {
                        *self.as_mut().project().held = Some(piece);
                        break;
                    }
                }
                Next::Yield if frame.is_empty() => return Poll::Pending,
                Next::Idle | Next::Over | Next::Yield => break,
            }
        }
        let this = self.as_mut().project();
        let opening = this.opening.take();
        if let Some((bytes, events)) = frame.finish() {
            this.closing.count(events);
            this.idle.restart();
            return Poll::Ready(Some(Ok(bytes)));
        }
        if opening.is_some() {
            this.idle.restart();
            return Poll::Ready(opening.map(Ok));
        }
        if this.ending.is_some() {
            let aborts = matches!(
                (&*this.ending, &*this.on_error),
                (Some(Ending::Error(_)), OnError::Abort)
            );
            if aborts && *this.frames_in_a_row > 0 {
                // A server drops what it has not written when a body fails, and writes when a body is pending.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(self.end());
        }
        let bytes = ready!(this.idle.poll_keep_alive(cx));
        this.idle.restart();
        Poll::Ready(Some(Ok(bytes)))
    }

    /// Looks for the signal while the end is not settled.
    fn poll_signal(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        if this.ending.is_none()
            && let Some(signal) = this.signal
            && signal.as_mut().poll(cx).is_ready()
        {
            *this.ending = Some(Ending::Shutdown);
            this.stream.set(None);
        }
    }

    /// Takes the next item that encodes to something. At the end, or at an error, the stream is dropped.
    fn next_piece(self: Pin<&mut Self>, cx: &mut Context<'_>, asked: &mut u32) -> Next {
        let mut this = self.project();
        if let Some(piece) = this.held.take() {
            return Next::Piece(piece);
        }
        let Some(mut stream) = this.stream.as_mut().as_pin_mut() else {
            return Next::Over;
        };
        let ending = loop {
            if *asked == ITEMS_IN_A_POLL {
                cx.waker().wake_by_ref();
                return Next::Yield;
            }
            *asked += 1;
            if asked.is_multiple_of(ITEMS_A_UNIT) {
                match coop::poll_proceed(cx) {
                    Poll::Ready(budget) => budget.made_progress(),
                    Poll::Pending => return Next::Yield,
                }
            }
            match stream
                .as_mut()
                .poll_next(cx)
                .map(|item| item.map(StreamItem::into_piece))
            {
                Poll::Pending => return Next::Idle,
                Poll::Ready(Some(Ok(piece))) if piece.bytes.is_empty() => {}
                Poll::Ready(Some(Ok(piece))) => return Next::Piece(piece),
                Poll::Ready(Some(Err(error))) => break Ending::Error(error),
                Poll::Ready(None) => break Ending::Said(EndReason::Finished),
            }
        };
        *this.ending = Some(ending);
        this.stream.set(None);
        Next::Over
    }

    /// Says what belongs to the ending, then closes.
    fn end(self: Pin<&mut Self>) -> Option<Result<Bytes, E>> {
        let this = self.project();
        let (reason, last) = match this.ending.take()? {
            Ending::Error(error) => match mem::take(this.on_error) {
                OnError::Abort => {
                    this.closing.close(EndReason::Error);
                    return Some(Err(error));
                }
                OnError::End => (EndReason::Error, Bytes::new()),
                OnError::Event(make) => (EndReason::Error, make(&error).encode().into_bytes()),
            },
            Ending::Shutdown => match this.retry {
                Some(range) => (
                    EndReason::Shutdown,
                    Event::empty().retry(range.draw()).encode().into_bytes(),
                ),
                None => (EndReason::Shutdown, Bytes::new()),
            },
            Ending::Said(reason) => (reason, Bytes::new()),
        };
        if last.is_empty() {
            this.closing.close(reason);
            return None;
        }
        this.closing.count(u64::from(reason == EndReason::Error));
        *this.ending = Some(Ending::Said(reason));
        Some(Ok(last))
    }
}

/// What the stream gave when it was asked for an item.
enum Next {
    Piece(Piece),
    Idle,
    /// No more in this poll: the budget is spent and the task will be woken.
    Yield,
    Over,
}

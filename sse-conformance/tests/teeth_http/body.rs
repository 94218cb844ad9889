use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::io::Write;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_core::Stream;
use sse_conformance::http::{
    Item, KeepAlive, OnError, Reason, Route, Scene, SceneStream, Shape, Shutdown, Step, Stopping,
};

use crate::encoding::encode;
use crate::fault::Fault;

/// The body of one response: what a scene's stream yields, as frames.
pub(crate) struct Body {
    /// Steps that were taken from the stream while the head was being made.
    awaited: VecDeque<Step>,
    counted: u64,
    ended: bool,
    fault: Fault,
    gzip: Option<GzEncoder<Vec<u8>>>,
    held: Option<Vec<u8>>,
    opened: bool,
    over: Option<Last>,
    ready: VecDeque<Vec<u8>>,
    route: Route,
    scene: Scene,
    stopping: Stopping,
    stream: Option<SceneStream>,
}

/// What comes next on the wire.
pub(crate) enum Frame {
    Abort,
    Data(Vec<u8>),
    End,
}

#[derive(Clone, Copy)]
enum Last {
    Abort,
    End,
}

impl Body {
    pub(crate) fn new(scene: Scene, route: Route, stopping: Stopping, fault: Fault) -> Self {
        Self {
            awaited: VecDeque::new(),
            counted: 0,
            ended: false,
            fault,
            gzip: None,
            held: None,
            opened: fault == Fault::OpeningCommentMissing || fault == Fault::HeadWaitsForAnEvent,
            over: None,
            ready: VecDeque::new(),
            route,
            scene,
            stopping,
            stream: None,
        }
    }

    /// Compresses all frames.
    pub(crate) fn compress(&mut self) {
        self.gzip = Some(GzEncoder::new(Vec::new(), Compression::fast()));
    }

    /// Builds the stream now instead of at the first frame.
    pub(crate) fn build(&mut self) {
        self.stream.get_or_insert_with(|| self.scene.stream());
    }

    /// Waits for the first step; tells whether it is an error.
    pub(crate) async fn first_is_error(&mut self) -> bool {
        let first = self.step().await;
        let error = matches!(first, Some(Err(_)));
        self.awaited.extend(first.clone());
        if self.fault == Fault::AwaitedEventTwice {
            self.awaited.extend(first);
        }
        error
    }

    /// Polls the stream once.
    pub(crate) async fn poll(&mut self) {
        let step = self.step_now().await;
        self.awaited.extend(step.flatten());
    }

    /// The next frame; may be cancelled only when the client has gone.
    pub(crate) async fn frame(&mut self) -> Frame {
        loop {
            let frame = match (self.ready.pop_front(), self.over) {
                (Some(bytes), _) => Frame::Data(bytes),
                (None, None) => {
                    self.play().await;
                    continue;
                }
                (None, Some(Last::Abort)) => Frame::Abort,
                (None, Some(Last::End)) => match self.gzip.take().map(GzEncoder::finish) {
                    Some(Ok(bytes)) => return Frame::Data(bytes),
                    _ => Frame::End,
                },
            };
            let Frame::Data(bytes) = frame else {
                return frame;
            };
            let bytes = self.compressed(bytes);
            if !bytes.is_empty() || self.fault == Fault::EmptyFrame {
                self.count();
                return Frame::Data(bytes);
            }
        }
    }

    /// The frame with which a server finds out that its client has gone.
    pub(crate) fn last_words(&self) -> Vec<u8> {
        self.count();
        b":\n\n".to_vec()
    }

    fn count(&self) {
        if self.fault != Fault::FramesNotCounted {
            self.scene.frame();
        }
    }

    /// Makes at least one frame, or the end, come about.
    async fn play(&mut self) {
        self.build();
        if !self.opened {
            self.opened = true;
            let step = self.step_now().await;
            if step.is_none() || self.fault == Fault::OpeningCommentAlways {
                self.ready.push_back(b":\n\n".to_vec());
            }
            if let Some(step) = step {
                self.take(step);
                self.take_ready().await;
            }
            return;
        }
        let keep_alive = match (self.scene.script().keep_alive, self.fault) {
            (_, Fault::NoKeepAlive) => None,
            (_, Fault::KeepAliveWhenOff) => Some(Duration::from_millis(30)),
            (KeepAlive::Every(interval), _) => Some(interval),
            (KeepAlive::Default, _) => Some(Duration::from_secs(15)),
            (KeepAlive::Off, _) => None,
        };
        let silence = async {
            match keep_alive {
                Some(interval) => tokio::time::sleep(interval).await,
                None => pending().await,
            }
        };
        let stopping = self.stopping.clone();
        let follows = self.scene.script().shutdown != Shutdown::Ignore
            && self.fault != Fault::ShutdownIgnored;
        tokio::select! {
            biased;
            () = stopping.asked(), if follows => self.shut_down(),
            step = self.step() => {
                self.take(step);
                self.take_ready().await;
            }
            () = silence => self.ready.push_back(b":\n\n".to_vec()),
        }
    }

    /// Puts steps that are ready into the same frame: a burst of tiny frames is an attack to HTTP/2 clients.
    async fn take_ready(&mut self) {
        while self.fault != Fault::EmptyFrame && self.over.is_none() {
            let short = self.ready.iter().map(Vec::len).sum::<usize>() < 16 * 1024;
            match self.step_now().await {
                Some(step) if short => self.take(step),
                Some(step) => {
                    self.awaited.extend(step);
                    break;
                }
                None => break,
            }
        }
        if self.fault != Fault::EmptyFrame {
            self.ready = VecDeque::from_iter([Vec::from(std::mem::take(&mut self.ready)).concat()]);
        }
    }

    fn take(&mut self, step: Option<Step>) {
        match step {
            Some(Ok(items)) => self.events(&items),
            Some(Err(error)) => {
                let told = Item::new(error.to_string()).event("failure");
                self.over(Reason::Error, Last::End);
                match (self.scene.script().on_error, self.fault) {
                    (OnError::Default, Fault::ErrorDropsWhatIsReady) => {
                        self.ready.clear();
                        self.over = Some(Last::Abort);
                    }
                    (_, Fault::ErrorAlwaysAborts) => self.over = Some(Last::Abort),
                    (OnError::Default, Fault::ErrorEndsProperly)
                    | (OnError::Event, Fault::ErrorEventLost)
                    | (OnError::End, _) => {}
                    (OnError::Default, _) => self.over = Some(Last::Abort),
                    (OnError::Event, _) => self.ready.push_back(encode(&told, self.fault).into()),
                }
            }
            None => self.over(Reason::Finished, Last::End),
        }
    }

    fn events(&mut self, items: &[Item]) {
        let batch = self.scene.script().shape == Shape::Batch;
        let items = match items {
            [items @ .., _] if batch && self.fault == Fault::BatchLosesItsLastEvent => items,
            _ => items,
        };
        self.counted += match self.fault {
            Fault::BatchCountedAsOne => 1,
            _ => items.len() as u64,
        };
        let mut wire: String = items.iter().map(|item| encode(item, self.fault)).collect();
        if self.scene.script().shape == Shape::Encoded
            && self.fault == Fault::EncodedEventEncodedAgain
        {
            wire = encode(&Item::new(wire), self.fault);
        }
        let mut wire = wire.into_bytes();
        let keeps_alive = matches!(self.scene.script().keep_alive, KeepAlive::Every(_));
        match self.fault {
            Fault::LongEventCut => wire.truncate(100_000),
            Fault::KeepAliveInsideEvent if keeps_alive && wire.len() > 1 => {
                let rest = wire.split_off(wire.len() / 3);
                self.ready
                    .extend([std::mem::take(&mut wire), b":\n\n".to_vec(), rest]);
            }
            Fault::EventHeldBack => wire = self.held.replace(wire).unwrap_or_default(),
            Fault::EventHeldBackWhenCompressible if self.route == Route::Compressed => {
                wire = self.held.replace(wire).unwrap_or_default();
            }
            Fault::EmptyFrame => self.ready.push_back(Vec::new()),
            _ => {}
        }
        if !wire.is_empty() {
            self.ready.push_back(wire);
        }
    }

    fn shut_down(&mut self) {
        self.over(Reason::Shutdown, Last::End);
        if let Shutdown::FollowWithRetry(range) = &self.scene.script().shutdown {
            let (start, end) = (*range.start(), *range.end());
            // Spread well enough for a fixture: by how many streams were built before.
            let spread = self.scene.seen().dropped as u64 * 7919 % (end - start);
            match self.fault {
                Fault::NoReconnectionTime => {}
                Fault::SameReconnectionTime => {
                    self.ready
                        .push_back(format!("retry: {start}\n\n").into_bytes());
                }
                _ => self
                    .ready
                    .push_back(format!("retry: {}\n\n", start + spread).into_bytes()),
            }
        }
    }

    fn over(&mut self, reason: Reason, last: Last) {
        self.over = Some(last);
        self.ready.extend(self.held.take());
        self.stream = None;
        self.tell(reason);
    }

    fn tell(&mut self, reason: Reason) {
        let told = match (self.fault, reason) {
            (Fault::ErrorNotTold, Reason::Error)
            | (Fault::ClientGoneNotTold, Reason::ClientGone) => None,
            (Fault::ShutdownToldAsFinish, Reason::Shutdown) => Some(Reason::Finished),
            _ => Some(reason),
        };
        if let Some(reason) = told.filter(|_| !self.ended) {
            self.scene.ended(reason, self.counted);
        }
        self.ended = self.fault != Fault::OnEndTwice;
    }

    async fn step(&mut self) -> Option<Step> {
        match self.awaited.pop_front() {
            Some(step) => Some(step),
            None => {
                let stream = self.stream.get_or_insert_with(|| self.scene.stream());
                poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
            }
        }
    }

    /// The next step if it is ready.
    async fn step_now(&mut self) -> Option<Option<Step>> {
        if let Some(step) = self.awaited.pop_front() {
            return Some(Some(step));
        }
        let stream = self.stream.get_or_insert_with(|| self.scene.stream());
        let poll = poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_next(cx))).await;
        match poll {
            Poll::Ready(step) => Some(step),
            Poll::Pending => None,
        }
    }

    fn compressed(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(gzip) = &mut self.gzip else {
            return bytes;
        };
        gzip.write_all(&bytes).unwrap();
        if self.fault != Fault::CompressionNotFlushed {
            gzip.flush().unwrap();
        }
        std::mem::take(gzip.get_mut())
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.stream = None;
        self.tell(Reason::ClientGone);
    }
}

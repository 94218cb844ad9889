use std::collections::VecDeque;

use super::{body, frame::MOST_BYTES, promise::Promise};
use crate::{
    draft::Draft,
    provider::{AppendError, AppendErrorKind, Appended, ProviderError},
    topic::Topic,
};

/// What publishers ask for, until the next batch takes it.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Request>,
}

/// Something to be written.
#[derive(Debug)]
pub(super) enum Request {
    Append(Vec<Prepared>, Promise<Answers>),
    Clear(Topic, Promise<Result<(), ProviderError>>),
}

pub(super) type Answers = Vec<Result<Appended, AppendError>>;

/// A draft with its bytes, which the publisher's own thread made.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) draft: Draft,
    pub(super) body: Vec<u8>,
    pub(super) sum: u32,
}

/// A batch takes no more once it has so many bytes.
const MOST_AT_ONCE: usize = 16 * 1024 * 1024;

impl Requests {
    pub(super) fn push(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Takes what goes into the next batch.
    pub(super) fn take(&mut self) -> Vec<Request> {
        let mut bytes = 0;
        let fitting = self.waiting.iter().take_while(|request| {
            let fits = bytes < MOST_AT_ONCE;
            bytes += request.bytes();
            fits
        });
        let count = fitting.count();
        self.waiting.drain(..count).collect()
    }
}

impl Request {
    fn bytes(&self) -> usize {
        match self {
            Self::Append(drafts, _) => drafts.iter().map(|it| it.body.len()).sum(),
            Self::Clear(topic, _) => topic.as_str().len(),
        }
    }

    /// Answers that nothing was done.
    pub(super) fn refuse(self, why: &str) {
        match self {
            Self::Append(drafts, promise) => {
                let failed = |_| Err(AppendError::with_source(AppendErrorKind::Failed, why));
                promise.give(drafts.iter().map(failed).collect());
            }
            Self::Clear(_, promise) => promise.give(Err(ProviderError::new(why))),
        }
    }
}

impl Prepared {
    /// Makes the bytes of a draft; `None` if there are too many.
    pub(super) fn new(draft: Draft) -> Option<Self> {
        let mut body = Vec::new();
        body::put(&draft, &mut body);
        (body.len() <= MOST_BYTES).then(|| Self {
            sum: crc32c::crc32c(&body),
            draft,
            body,
        })
    }
}

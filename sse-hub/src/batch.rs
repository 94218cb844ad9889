use std::{error::Error, fmt, future::poll_fn, sync::Arc};

use crate::{
    engine::Engine,
    namespace::Namespace,
    provider::Ack,
    publish::{Publish, PublishError, PublishErrorKind, Published, append},
};

/// Publishes several at once, in order, acknowledged as the one of them that asks for most.
pub(crate) async fn publish_batch(
    engine: Arc<Engine>,
    namespace: Arc<Namespace>,
    parts: Vec<Publish>,
) -> Result<Vec<Published>, BatchError> {
    let ack = parts.iter().map(Publish::asked_ack).max();
    let drafts = parts.into_iter().enumerate().map(|(index, part)| {
        let draft = match part {
            part if part.belongs_to(&namespace) => part.into_draft(),
            _ => Err(PublishError::foreign()),
        };
        draft.map_err(|error| BatchError::refused(index, error))
    });
    let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    if engine.is_closed() {
        return Err(BatchError::refused(0, PublishError::closed()));
    }
    engine.start();
    let subscribers: Vec<_> = drafts
        .iter()
        .map(|draft| namespace.count_listeners(&draft.topics))
        .collect();
    let mut appending = append(Arc::clone(&namespace), drafts, ack.unwrap_or(Ack::Accepted));
    let answers = poll_fn(|cx| namespace.publishing(|| appending.as_mut().poll(cx))).await;
    let mut answers = answers.into_iter();
    let answers: Vec<_> = subscribers
        .into_iter()
        .map(|subscribers| Published::of(&namespace, answers.next(), subscribers))
        .collect();
    if answers.iter().any(Result::is_err) {
        return Err(BatchError {
            what: What::Answers(answers),
        });
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Why a batch was not published, or not all of it.
#[derive(Debug)]
pub struct BatchError {
    what: What,
}

#[derive(Debug)]
enum What {
    /// Nothing was tried, because of the part of this index.
    Refused(usize, PublishError),
    /// The provider did not append all; one of these is an error.
    Answers(Vec<Result<Published, PublishError>>),
}

impl BatchError {
    fn refused(index: usize, error: PublishError) -> Self {
        Self {
            what: What::Refused(index, error),
        }
    }

    /// Returns the kind of the first error.
    pub fn kind(&self) -> PublishErrorKind {
        self.first()
            .map_or(PublishErrorKind::OutcomeUnknown, |(_, error)| error.kind())
    }

    /// Returns which part the first error is of, counted from 0.
    pub fn index(&self) -> Option<usize> {
        self.first().map(|(index, _)| index)
    }

    /// Returns what the provider did to each part, in order; nothing if it was not asked.
    pub fn into_answers(self) -> Vec<Result<Published, PublishError>> {
        match self.what {
            What::Refused(..) => Vec::new(),
            What::Answers(answers) => answers,
        }
    }

    fn first(&self) -> Option<(usize, &PublishError)> {
        match &self.what {
            What::Refused(index, error) => Some((*index, error)),
            What::Answers(answers) => {
                let mut errors = answers
                    .iter()
                    .map(|answer| answer.as_ref().err())
                    .enumerate();
                errors.find_map(|(index, error)| Some((index, error?)))
            }
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.what {
            What::Refused(..) => "the batch cannot be published",
            What::Answers(_) => "not all of the batch was published",
        })
    }
}

impl Error for BatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.first().map(|(_, error)| error as _)
    }
}

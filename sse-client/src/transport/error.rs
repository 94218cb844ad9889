use std::{error::Error, fmt};

/// Why a transport has no response, or no more of it.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Debug)]
pub struct TransportError {
    cause: Box<dyn Error + Send + Sync>,
    lasting: bool,
}

impl TransportError {
    /// Makes an error that the next attempt may not meet: the connection was refused, cut, or not answered.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
            lasting: false,
        }
    }

    /// Makes an error that every attempt will meet: the transport cannot send such a request.
    pub fn lasting(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
            lasting: true,
        }
    }

    /// Tells whether every attempt will meet the error.
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Returns the error of the HTTP client.
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.cause
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

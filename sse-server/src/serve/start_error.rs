use std::{error::Error, fmt, io, net::SocketAddr};

use sse_hub::provider::file::OpenError;

use crate::{script::ScriptError, settings::InvalidSetting};

/// Why a server did not start; the message names the option that is to be changed.
#[derive(Debug)]
pub struct StartError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Setting(InvalidSetting),
    Hub(sse_hub::InvalidSetting),
    Listen(&'static str, SocketAddr, io::Error),
    Script(ScriptError),
    Store(OpenError),
}

impl StartError {
    pub(super) fn listen(option: &'static str, address: SocketAddr, error: io::Error) -> Self {
        Self {
            kind: Kind::Listen(option, address, error),
        }
    }
}

impl From<InvalidSetting> for StartError {
    fn from(error: InvalidSetting) -> Self {
        Self {
            kind: Kind::Setting(error),
        }
    }
}

impl From<sse_hub::InvalidSetting> for StartError {
    fn from(error: sse_hub::InvalidSetting) -> Self {
        Self {
            kind: Kind::Hub(error),
        }
    }
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self {
            kind: Kind::Store(error),
        }
    }
}

impl From<ScriptError> for StartError {
    fn from(error: ScriptError) -> Self {
        Self {
            kind: Kind::Script(error),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Setting(error) => error.fmt(f),
            Kind::Hub(error) => error.fmt(f),
            Kind::Listen(option, address, _) => {
                write!(f, "{option} {address} cannot be listened on")
            }
            Kind::Script(error) => write!(f, "--script: {error}"),
            Kind::Store(error) => write!(f, "--store: {error}"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Listen(_, _, error) => Some(error),
            Kind::Store(error) => error.source(),
            Kind::Setting(_) | Kind::Hub(_) | Kind::Script(_) => None,
        }
    }
}

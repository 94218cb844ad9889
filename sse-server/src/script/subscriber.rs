use std::{fmt, sync::Arc};

use crate::script::{handle::Script, request_table::RequestTable, value::Fields};

/// A connection that `subscribe` accepted, with what the script keeps for it: `sub`.
///
/// The hook `unsubscribe` is called when this is dropped, so it runs exactly once for each that was accepted.
pub struct Subscriber {
    script: Script,
    sub: Sub,
}

impl Subscriber {
    pub(crate) fn new(script: Script, sub: Sub) -> Self {
        Self { script, sub }
    }

    /// Returns the request.
    pub fn request(&self) -> &RequestTable {
        &self.sub.0.request
    }

    /// Returns the name of the connection: `sub.req.id`.
    pub fn id(&self) -> &str {
        &self.sub.0.request.id
    }

    pub(crate) fn sub(&self) -> &Sub {
        &self.sub
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.script.unsubscribe(self.sub.clone());
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscriber").field(&self.id()).finish()
    }
}

/// What `sub` is made of for each call.
#[derive(Clone, Debug)]
pub(crate) struct Sub(pub(crate) Arc<SubParts>);

#[derive(Debug)]
pub(crate) struct SubParts {
    pub(crate) number: u64,
    pub(crate) request: RequestTable,
    pub(crate) fields: Fields,
}

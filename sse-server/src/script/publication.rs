use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

use crate::script::{message_table::MessageTable, request_table::RequestTable, value::Fields};

/// A message on its way to subscribers, with what the script keeps beside it: `pub`. A clone is the same.
#[derive(Clone, Debug)]
pub struct Publication(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u64,
    request: RequestTable,
    message: MessageTable,
    fields: Fields,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Publication {
    /// Returns a publication without keys of a script.
    pub fn new(request: RequestTable, message: MessageTable) -> Self {
        Self::with_fields(request, message, Fields::default())
    }

    pub(crate) fn with_fields(
        request: RequestTable,
        message: MessageTable,
        fields: Fields,
    ) -> Self {
        Self(Arc::new(Inner {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            request,
            message,
            fields,
        }))
    }

    /// Returns the request that published it.
    pub fn request(&self) -> &RequestTable {
        &self.0.request
    }

    /// Returns what is sent if no hook changes it.
    pub fn message(&self) -> &MessageTable {
        &self.0.message
    }

    /// Returns what is stored beside the entry, for the hook `message` after a restart: the script's keys,
    /// and of the request its method, path, query and address.
    pub fn to_attachment(&self) -> Bytes {
        Bytes::new()
    }

    /// Returns the publication of an entry that was stored.
    pub fn from_attachment(_attachment: &[u8], message: MessageTable) -> Self {
        Self::new(RequestTable::default(), message)
    }

    /// Returns a number that no other publication of this process has.
    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.0.fields
    }
}

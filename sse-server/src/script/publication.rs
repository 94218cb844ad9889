use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use sse_hub::Draft;

use crate::script::{
    attachment, message_table::MessageTable, request_table::RequestTable, value::Fields,
};

/// A message on its way to subscribers, with what the script keeps beside it: `pub`. A clone is the same.
#[derive(Clone, Debug)]
pub struct Publication(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    request: Arc<RequestTable>,
    message: MessageTable,
    fields: Fields,
}

impl Publication {
    /// Returns a publication without keys of a script.
    pub fn new(request: RequestTable, message: MessageTable) -> Self {
        Self(Arc::new(Inner {
            request: Arc::new(request),
            message,
            fields: Fields::default(),
        }))
    }

    /// Returns what a hook made of it. The request stays as it was.
    pub(crate) fn with(&self, message: MessageTable, fields: Fields) -> Self {
        Self(Arc::new(Inner {
            request: Arc::clone(&self.0.request),
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
    /// and of the request its method, path, query and address. Headers are left out.
    pub fn to_attachment(&self) -> Bytes {
        attachment::encode(self.request(), self.fields())
    }

    /// Returns the publication of an entry that was stored. What cannot be read is left out.
    pub fn from_attachment(attachment: &[u8], message: MessageTable) -> Self {
        let (request, fields) = attachment::decode(attachment).unwrap_or_default();
        Self::new(request, message.clone()).with(message, fields)
    }

    /// Returns about how many bytes it takes in memory.
    pub(crate) fn size(&self) -> usize {
        let message = self.message();
        let lines = |text: &ByteString| text.len() + size_of::<ByteString>();
        size_of::<Inner>()
            + message.data.as_ref().map_or(0, |data| data.len())
            + message.comment.iter().map(lines).sum::<usize>()
            + self.request().size()
            + self.fields().size()
    }

    /// Tells whether what is stored beside an entry has room for it.
    pub(crate) fn can_be_stored(&self) -> bool {
        self.to_attachment().len() <= Draft::MAX_ATTACHMENT_LEN
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.0.fields
    }
}

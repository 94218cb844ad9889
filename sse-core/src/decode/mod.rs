//! From bytes to events ([HTML 9.2.5] and [9.2.6]).
//!
//! [HTML 9.2.5]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
//! [9.2.6]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

mod block;
mod decoder;
mod error;
mod event_ref;
mod event_refs;
mod limits;
mod options;
mod partial;
mod received;
#[allow(
    unsafe_code,
    reason = "vector loads, and text that is known to be ASCII; see the module's page"
)]
mod scan;
mod slice_decoder;
mod start;
mod state;
mod walk;

pub use decoder::Decoder;
pub use error::{DecodeError, DecodeErrorKind};
pub use event_ref::EventRef;
pub use event_refs::EventRefs;
pub use limits::{InvalidLimit, Limit, Limits};
pub use options::DecoderOptions;
pub use received::Received;
pub use slice_decoder::SliceDecoder;

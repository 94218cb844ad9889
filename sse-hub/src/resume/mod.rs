//! What a resume finds: the cursor that is asked for, the decision, the answer.

mod cursor;
mod decide;
mod outcome;

pub use cursor::Cursor;
pub use decide::{Decision, GapCause, Nonce, View, decide};
pub use outcome::{OnGap, Resume, Start};

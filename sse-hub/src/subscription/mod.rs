//! From a request to a stream of batches.

mod blocks;
mod cold;
mod elsewhere;
mod entries;
mod events;
mod handle;
mod pages;
mod replay;
mod start;
mod step;
mod stream;
mod subscribe;
mod subscribe_error;
mod waiting_line;

pub use blocks::GapAs;
pub use entries::{Delivery, Entries};
pub use events::Events;
pub use handle::SubscriptionHandle;
pub(crate) use pages::ColdPages;
pub use replay::Replay;
pub use stream::Subscription;
pub use subscribe::Subscribe;
pub use subscribe_error::{SubscribeError, SubscribeErrorKind};

#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod batch;
mod builder;
mod clock;
mod companion;
mod draft;
mod engine;
mod hub;
mod ids;
mod lag;
mod listeners;
mod log;
mod memory_use;
mod namespace;
mod nonces;
mod one_or_many;
mod options;
mod position;
mod presence;
pub mod provider;
mod publish;
pub mod resume;
mod retention;
mod session;
mod settings;
mod subscription;
mod sync;
mod telemetry;
mod topic;
mod turns;

pub use batch::BatchError;
pub use builder::Builder;
pub use clock::Clock;
pub use companion::Companion;
pub use draft::{Draft, InvalidDraft};
pub use hub::Hub;
pub use ids::Ids;
pub use lag::{LagLimit, Lagging};
pub use listeners::CloseReason;
pub use log::Entry;
pub use memory_use::MemoryUse;
pub use position::{Epoch, InvalidPosition, Position};
pub use presence::{Member, Presence, PresenceChange, PresenceChanges};
pub use provider::Ack;
pub use publish::{Publish, PublishError, PublishErrorKind, Published, Publishing};
pub use resume::{OnGap, Resume, Start};
pub use retention::Retention;
pub use session::{Rejection, Session, SessionRequest};
pub use settings::{InvalidSetting, Settings};
pub use sse_core::{EncodedBatch, EncodedEvent, Event, EventId, EventType, Gap, GapReason};
pub use subscription::{
    Delivery, Entries, Events, GapAs, Replay, Subscribe, SubscribeError, SubscribeErrorKind,
    Subscription, SubscriptionHandle,
};
pub use topic::{IntoTopics, InvalidTopic, Selector, Topic};

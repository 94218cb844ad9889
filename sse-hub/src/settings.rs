use std::{error::Error, fmt, time::Duration};

use crate::{builder::Builder, lag::LagLimit, retention::Retention};

/// A hub's limits as a configuration gives them: numbers that may be wrong, times in milliseconds.
///
/// What is `None` keeps its default.
///
/// ```
/// use sse_hub::Settings;
///
/// let mut settings = Settings::default();
/// settings.retain_count = Some(500);
/// let hub = settings.builder().unwrap().build();
///
/// settings.lag_bytes = Some(-1);
/// assert_eq!(settings.builder().unwrap_err().to_string(), "lag_bytes must be greater than zero");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// Entries kept for replay.
    pub retain_count: Option<i64>,
    /// Bytes kept for replay.
    pub retain_bytes: Option<i64>,
    /// How long entries are kept for replay.
    pub retain_age_millis: Option<i64>,
    /// Entries of each topic that are kept beyond the count.
    pub retain_per_topic: Option<i64>,
    /// Entries that a subscription may be behind.
    pub lag_entries: Option<i64>,
    /// Bytes that a subscription may be behind.
    pub lag_bytes: Option<i64>,
    /// How old the oldest entry may be that a subscription has yet to take.
    pub lag_millis: Option<i64>,
    /// The silence after which a subscription sends its position.
    pub keep_alive_millis: Option<i64>,
    /// Entries of a replay that one connection is given.
    pub max_replay: Option<i64>,
    /// Different patterns that may be listened to in a namespace at a time.
    pub max_patterns: Option<i64>,
    /// Bytes that subscriptions may hold beyond the log.
    pub pin_limit_bytes: Option<i64>,
}

impl Settings {
    /// Checks the values and sets them.
    ///
    /// # Errors
    /// [`InvalidSetting`] names the first field that is zero or negative.
    pub fn builder(&self) -> Result<Builder, InvalidSetting> {
        let mut retention = Retention::default();
        let mut lag = LagLimit::default();
        if let Some(count) = size("retain_count", self.retain_count)? {
            retention = retention.count(count);
        }
        if let Some(bytes) = size("retain_bytes", self.retain_bytes)? {
            retention = retention.bytes(bytes);
        }
        if let Some(age) = millis("retain_age_millis", self.retain_age_millis)? {
            retention = retention.age(age);
        }
        if let Some(entries) = size("retain_per_topic", self.retain_per_topic)? {
            retention = retention.per_topic(entries);
        }
        if let Some(entries) = size("lag_entries", self.lag_entries)? {
            lag = lag.entries(entries);
        }
        if let Some(bytes) = size("lag_bytes", self.lag_bytes)? {
            lag = lag.bytes(bytes);
        }
        if let Some(time) = millis("lag_millis", self.lag_millis)? {
            lag = lag.time(time);
        }
        let mut builder = Builder::new().retain(retention).lag_limit(lag);
        if let Some(interval) = millis("keep_alive_millis", self.keep_alive_millis)? {
            builder = builder.keep_alive(interval);
        }
        if let Some(entries) = size("max_replay", self.max_replay)? {
            builder = builder.max_replay(entries as u64);
        }
        if let Some(patterns) = size("max_patterns", self.max_patterns)? {
            builder = builder.max_patterns(patterns);
        }
        if let Some(bytes) = size("pin_limit_bytes", self.pin_limit_bytes)? {
            builder = builder.pin_limit(bytes as u64);
        }
        Ok(builder)
    }
}

fn size(field: &'static str, value: Option<i64>) -> Result<Option<usize>, InvalidSetting> {
    match value {
        Some(value) if value <= 0 => Err(InvalidSetting { field }),
        Some(value) => Ok(Some(usize::try_from(value).unwrap_or(usize::MAX))),
        None => Ok(None),
    }
}

fn millis(field: &'static str, value: Option<i64>) -> Result<Option<Duration>, InvalidSetting> {
    Ok(size(field, value)?.map(|value| Duration::from_millis(value as u64)))
}

/// A value of a configuration that a hub cannot work with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidSetting {
    field: &'static str,
}

impl InvalidSetting {
    /// Returns the name of the field.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be greater than zero", self.field)
    }
}

impl Error for InvalidSetting {}

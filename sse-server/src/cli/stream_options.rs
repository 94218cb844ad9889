use std::{fmt, time::Duration};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

use super::{byte_size::ByteSize, store::Store};

/// What event streams are like, and what is kept for those who resume.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Streams")]
pub struct StreamOptions {
    /// Ids in streams: publisher for those of publishers and scripts alone,
    /// hub for the server's own, with gaps and ends told as events
    /// [default: publisher, or hub with --store and a directory]
    #[arg(long, env = "SSE_SERVER_IDS", hide_env_values = true)]
    #[arg(hide_possible_values = true, value_name = "WHOSE")]
    pub ids: Option<WireIds>,

    /// Where messages are kept: memory; or file: and the path of a directory,
    /// in which the next start finds them
    #[arg(long, env = "SSE_SERVER_STORE", hide_env_values = true)]
    #[arg(value_name = "WHERE", default_value_t = Store::Memory)]
    pub store: Store,

    /// Start although something there is damaged, without that and under a new
    /// epoch; clients are told of what is missing [default: false]
    #[arg(long, env = "SSE_SERVER_STORE_RECOVER", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub store_recover: bool,

    /// Silence after which a comment is sent; 0s for never
    #[arg(short, long, env = "SSE_SERVER_KEEP_ALIVE", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "60s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub keep_alive: Duration,

    /// Text of that comment
    #[arg(
        short = 'K',
        long,
        env = "SSE_SERVER_KEEP_ALIVE_TEXT",
        hide_env_values = true
    )]
    #[arg(value_name = "TEXT", default_value = "keep-alive")]
    pub keep_alive_text: String,

    /// Age at which a connection is ended; 0s for never
    #[arg(short, long, env = "SSE_SERVER_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "5m")]
    #[arg(value_parser = humantime::parse_duration)]
    pub timeout: Duration,

    /// Reconnection time sent then [default: 0s, or spread with --ids hub]
    #[arg(
        short = 'r',
        long,
        env = "SSE_SERVER_TIMEOUT_RETRY",
        hide_env_values = true
    )]
    #[arg(value_name = "DUR")]
    #[arg(value_parser = humantime::parse_duration)]
    pub timeout_retry: Option<Duration>,

    /// Least number of messages kept
    #[arg(short, long, env = "SSE_SERVER_CAPACITY", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 256)]
    pub capacity: usize,

    /// Most messages kept for replay
    #[arg(long, env = "SSE_SERVER_RETAIN_COUNT", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 10_000)]
    pub retain_count: usize,

    /// Most bytes kept for replay
    #[arg(long, env = "SSE_SERVER_RETAIN_BYTES", hide_env_values = true)]
    #[arg(value_name = "BYTES", default_value = "64MiB")]
    pub retain_bytes: ByteSize,

    /// How long messages are kept for replay; 0s for any age
    #[arg(long, env = "SSE_SERVER_RETAIN_AGE", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "1h")]
    #[arg(value_parser = humantime::parse_duration)]
    pub retain_age: Duration,

    /// Messages of each topic kept even beyond the count
    #[arg(long, env = "SSE_SERVER_RETAIN_PER_TOPIC", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 0)]
    pub retain_per_topic: usize,

    /// Messages that a slow subscriber may be behind
    #[arg(long, env = "SSE_SERVER_LAG_COUNT", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 10_000)]
    pub lag_count: usize,

    /// Bytes that a slow subscriber may be behind
    #[arg(long, env = "SSE_SERVER_LAG_BYTES", hide_env_values = true)]
    #[arg(value_name = "BYTES", default_value = "8MiB")]
    pub lag_bytes: ByteSize,

    /// How long a message may wait for a slow subscriber
    #[arg(long, env = "SSE_SERVER_LAG_TIME", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "30s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub lag_time: Duration,

    /// Least reconnection time that is spread over clients
    #[arg(long, env = "SSE_SERVER_RECONNECT_BASE", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "1s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub reconnect_base: Duration,

    /// Reconnections a second that are welcome
    #[arg(long, env = "SSE_SERVER_RECONNECT_RATE", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 2_000)]
    pub reconnect_rate: u32,
}

/// Whose ids stand in a stream.
#[expect(clippy::exhaustive_enums, reason = "there are these two wire modes")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum WireIds {
    /// Only those that a publisher or a script set
    Publisher,
    /// The server's, with gaps and ends told as events
    Hub,
}

impl StreamOptions {
    /// Returns whose ids stand in streams: the server's own if a start is to go on from the last.
    pub fn wire_ids(&self) -> WireIds {
        let implied = match self.store {
            Store::Memory => WireIds::Publisher,
            Store::File(_) => WireIds::Hub,
        };
        self.ids.unwrap_or(implied)
    }
}

impl fmt::Display for WireIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publisher => "publisher",
            Self::Hub => "hub",
        })
    }
}

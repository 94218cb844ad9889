use std::path::PathBuf;

use clap::Args;

/// What `sse-server pub` publishes.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
pub struct PublishOptions {
    /// Data; read from stdin if neither it nor another field is given
    #[arg(value_name = "DATA")]
    pub data: Option<String>,

    /// Where to publish
    #[arg(short, long, env = "SSE_SERVER_URL", hide_env_values = true)]
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:1983/sse")]
    pub url: String,

    /// Topic; may be repeated [default: the default topic]
    #[arg(short, long, value_name = "TOPIC")]
    pub topic: Vec<String>,

    /// Event type [default: none]
    #[arg(short, long, value_name = "TYPE")]
    pub event: Option<String>,

    /// Id [default: none]
    #[arg(short, long, value_name = "ID")]
    pub id: Option<String>,

    /// Comment; may be repeated [default: none]
    #[arg(short, long, value_name = "TEXT")]
    pub comment: Vec<String>,

    /// Reconnection time in milliseconds [default: none]
    #[arg(short, long, value_name = "MS")]
    pub retry: Option<u64>,

    /// How long it is delivered, in milliseconds [default: none]
    #[arg(long, value_name = "MS")]
    pub ttl: Option<u64>,

    /// Key under which it replaces earlier messages [default: none]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// Makes a repetition under the same key one message [default: none]
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,

    /// Publish each line of stdin as JSON, all or nothing [default: false]
    #[arg(long)]
    pub ndjson: bool,
}

/// What `sse-server sub` follows.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
pub struct SubscribeOptions {
    /// Event stream
    #[arg(env = "SSE_SERVER_URL", hide_env_values = true)]
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:1983/sse")]
    pub url: String,

    /// Topic or pattern; may be repeated [default: the default topic]
    #[arg(short, long, value_name = "TOPIC")]
    pub topic: Vec<String>,

    /// Go on behind this id [default: none]
    #[arg(short = 'i', long, value_name = "ID")]
    pub last_event_id: Option<String>,

    /// End after so many events [default: never]
    #[arg(short = 'n', long, value_name = "N")]
    pub count: Option<u64>,

    /// Print each event as a line of JSON [default: false]
    #[arg(short, long)]
    pub json: bool,

    /// Do not come back when the stream ends [default: false]
    #[arg(long)]
    pub once: bool,
}

/// What `sse-server lint` looks at.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
pub struct LintOptions {
    /// File, http URL, or - for stdin
    #[arg(value_name = "FILE|URL", default_value = "-")]
    pub source: String,

    /// Find also what the standard allows [default: false]
    #[arg(long)]
    pub strict: bool,
}

/// What `sse-server test` runs.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
pub struct TestOptions {
    /// Lua file with functions that begin with test_
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

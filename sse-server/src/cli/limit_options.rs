use std::time::Duration;

use clap::Args;

use super::byte_size::ByteSize;

/// What one client, and all together, may take.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Most connections [default: 90 % of the limit on open files]
    #[arg(long, env = "SSE_SERVER_MAX_CONNECTIONS", hide_env_values = true)]
    #[arg(value_name = "N")]
    pub max_connections: Option<usize>,

    /// Most connections of one address (IPv6: of one /64); 0 for any number
    #[arg(
        long,
        env = "SSE_SERVER_MAX_ADDRESS_CONNECTIONS",
        hide_env_values = true
    )]
    #[arg(value_name = "N", default_value_t = 0)]
    pub max_address_connections: usize,

    /// New connections a second of one address; 0 for any number
    #[arg(long, env = "SSE_SERVER_ADDRESS_RATE", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 0)]
    pub address_rate: u32,

    /// New connections a second of all together; 0 for any number
    #[arg(long, env = "SSE_SERVER_CONNECTION_RATE", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 0)]
    pub connection_rate: u32,

    /// Connections of one address that wait for their first request at a time
    #[arg(long, env = "SSE_SERVER_MAX_HANDSHAKES", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 50)]
    pub max_handshakes: usize,

    /// Most bytes of a request's head
    #[arg(long, env = "SSE_SERVER_MAX_HEAD_SIZE", hide_env_values = true)]
    #[arg(value_name = "BYTES", default_value = "16KiB")]
    pub max_head_size: ByteSize,

    /// Most headers of a request
    #[arg(long, env = "SSE_SERVER_MAX_HEADERS", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 100)]
    pub max_headers: usize,

    /// How long a request's head may take
    #[arg(long, env = "SSE_SERVER_HEAD_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "10s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub head_timeout: Duration,

    /// How long a published body may take
    #[arg(long, env = "SSE_SERVER_BODY_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "30s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub body_timeout: Duration,

    /// How long a client may take nothing before it is cut
    #[arg(long, env = "SSE_SERVER_WRITE_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "30s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub write_timeout: Duration,

    /// Bytes that the kernel holds for a client
    #[arg(long, env = "SSE_SERVER_SEND_BUFFER", hide_env_values = true)]
    #[arg(value_name = "BYTES", default_value = "64KiB")]
    pub send_buffer: ByteSize,

    /// Most topics of a connection
    #[arg(long, env = "SSE_SERVER_MAX_TOPICS", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 100)]
    pub max_topics: usize,

    /// Most patterns of all connections together, each counted once
    #[arg(long, env = "SSE_SERVER_MAX_PATTERNS", hide_env_values = true)]
    #[arg(value_name = "N", default_value_t = 1_000)]
    pub max_patterns: usize,
}

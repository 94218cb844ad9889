use std::time::Duration;

use clap::{Args, builder::BoolishValueParser};

/// What pages of other origins may do.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages of other origins")]
pub struct CorsOptions {
    /// Origins that may read, comma-separated; * for all
    #[arg(long, env = "SSE_SERVER_CORS_ALLOW_ORIGIN", hide_env_values = true)]
    #[arg(value_name = "LIST", default_value = "*")]
    pub cors_allow_origin: String,

    /// Methods they may use
    #[arg(long, env = "SSE_SERVER_CORS_ALLOW_METHODS", hide_env_values = true)]
    #[arg(value_name = "LIST", default_value = "GET, HEAD, POST")]
    pub cors_allow_methods: String,

    /// Headers they may send
    #[arg(long, env = "SSE_SERVER_CORS_ALLOW_HEADERS", hide_env_values = true)]
    #[arg(value_name = "LIST", default_value = "*")]
    pub cors_allow_headers: String,

    /// Let them send cookies; not with * [default: false]
    #[arg(
        long,
        env = "SSE_SERVER_CORS_ALLOW_CREDENTIALS",
        hide_env_values = true
    )]
    #[arg(value_parser = BoolishValueParser::new())]
    pub cors_allow_credentials: bool,

    /// How long they may remember this
    #[arg(long, env = "SSE_SERVER_CORS_MAX_AGE", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "0s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub cors_max_age: Duration,
}

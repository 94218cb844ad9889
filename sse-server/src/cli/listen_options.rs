use std::{fmt, net::SocketAddr, time::Duration};

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::{byte_size::ByteSize, log_level::LogLevel};

/// Where the server listens, and under which paths.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Listening")]
pub struct ListenOptions {
    /// Address to listen on
    #[arg(short, long, env = "SSE_SERVER_LISTEN", hide_env_values = true)]
    #[arg(value_name = "ADDR:PORT", default_value = "127.0.0.1:1983")]
    pub listen: SocketAddr,

    /// Address for metrics, presence and health [default: none]
    #[arg(long, env = "SSE_SERVER_ADMIN_LISTEN", hide_env_values = true)]
    #[arg(value_name = "ADDR:PORT")]
    pub admin_listen: Option<SocketAddr>,

    /// What is logged: error, warn, info, debug, trace, or 1 to 5
    #[arg(
        short = 'L',
        long,
        env = "SSE_SERVER_LOG_LEVEL",
        hide_env_values = true
    )]
    #[arg(value_name = "LEVEL", default_value = "INFO")]
    pub log_level: LogLevel,

    /// Path to publish to
    #[arg(short = 'P', long, env = "SSE_SERVER_PUB_PATH", hide_env_values = true)]
    #[arg(value_name = "PATH", default_value = "/sse")]
    pub pub_path: String,

    /// Path to subscribe to
    #[arg(short = 'S', long, env = "SSE_SERVER_SUB_PATH", hide_env_values = true)]
    #[arg(value_name = "PATH", default_value = "/sse")]
    pub sub_path: String,

    /// Most bytes of a published body
    #[arg(short, long, env = "SSE_SERVER_MAX_BODY_SIZE", hide_env_values = true)]
    #[arg(value_name = "BYTES", default_value = "64KB")]
    pub max_body_size: ByteSize,

    /// Proxies whose forwarded addresses are believed, comma-separated
    /// [default: none]
    #[arg(long, env = "SSE_SERVER_TRUSTED_PROXY", hide_env_values = true)]
    #[arg(value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,

    /// Header in which they say it, x-forwarded-for or forwarded; clients may
    /// write the other one
    #[arg(long, env = "SSE_SERVER_FORWARDED_HEADER", hide_env_values = true)]
    #[arg(value_name = "NAME", hide_possible_values = true)]
    #[arg(default_value_t = ForwardedHeader::XForwardedFor)]
    pub forwarded_header: ForwardedHeader,

    /// How long streams are given to end after SIGTERM
    #[arg(long, env = "SSE_SERVER_DRAIN", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "25s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub drain: Duration,
}

/// A header with the addresses that a request came from.
#[expect(clippy::exhaustive_enums, reason = "there are these two")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ForwardedHeader {
    /// Addresses, the nearest last
    XForwardedFor,
    /// The same with more about them, as in RFC 7239
    Forwarded,
}

impl fmt::Display for ForwardedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        })
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "not a network such as 10.0.0.0/8".to_owned())
}

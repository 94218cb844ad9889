//! The options, checked: what exists here can be served with.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use http::{HeaderName, HeaderValue, Method};
use ipnet::IpNet;
use sse_hub::provider::file::OnDamage;
use tracing::Level;

use crate::{
    cli::{
        CorsOptions, ForwardedHeader, LimitOptions, ListenOptions, ServeOptions, Store,
        StreamOptions, WireIds,
    },
    script::{Access, ScriptConfig},
};

mod check;

/// Everything that a server is started with.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where metrics, presence and health are, if anywhere.
    pub admin_listen: Option<SocketAddr>,
    /// What is logged.
    pub log_level: Level,
    /// The path to publish to.
    pub pub_path: String,
    /// The path to subscribe to.
    pub sub_path: String,
    /// The most bytes of a published body.
    pub max_body_size: usize,
    /// Whose word on a client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they say it.
    pub forwarded_header: ForwardedHeader,
    /// How long streams are given to end.
    pub drain: Duration,
    /// What streams are like.
    pub streams: Streams,
    /// A directory that is served, and its path.
    pub files: Option<Files>,
    /// What pages of other origins may do.
    pub cors: Cors,
    /// What clients may take.
    pub limits: Limits,
    /// The script.
    pub script: Option<ScriptConfig>,
    /// A text for the script.
    pub script_data: Option<String>,
    pub(crate) options: ServeOptions,
}

/// What streams are like, and what is kept for them.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Streams {
    /// Whose ids stand in them.
    pub ids: WireIds,
    /// Where messages are kept.
    pub store: Store,
    /// What is done if something there is damaged.
    pub on_damage: OnDamage,
    /// The silence that is broken, if any.
    pub keep_alive: Option<Duration>,
    /// By this comment.
    pub keep_alive_text: String,
    /// The greatest age of a connection.
    pub timeout: Option<Duration>,
    /// The reconnection time at that age, if it is set.
    pub timeout_retry: Option<Duration>,
    /// The least reconnection time that is spread.
    pub reconnect_base: Duration,
    /// Reconnections a second.
    pub reconnect_rate: u32,
    pub(crate) hub: sse_hub::Settings,
    pub(crate) retention: sse_hub::Retention,
    /// What the hub itself holds of it.
    pub(crate) retained_in_memory: sse_hub::Retention,
    pub(crate) kept: usize,
}

/// Files to serve.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Files {
    /// The directory.
    pub directory: PathBuf,
    /// The path, without a slash at its end: the root is empty.
    pub path: String,
}

/// What pages of other origins may do.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Cors {
    /// The origins; `None` is all.
    pub origins: Option<Vec<HeaderValue>>,
    /// The methods; `None` is all.
    pub methods: Option<Vec<Method>>,
    /// The request headers; `None` is all.
    pub headers: Option<Vec<HeaderName>>,
    /// Whether cookies are sent.
    pub credentials: bool,
    /// How long this may be remembered.
    pub max_age: Duration,
}

/// What clients may take.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most connections; `None` is 90 % of the limit on open files.
    pub connections: Option<usize>,
    /// The most connections of an address; 0 is any number.
    pub address_connections: usize,
    /// New connections a second of an address; 0 is any number.
    pub address_rate: u32,
    /// New connections a second; 0 is any number.
    pub connection_rate: u32,
    /// Connections of an address that wait for their first request.
    pub handshakes: usize,
    /// The most bytes of a request's head.
    pub head_size: usize,
    /// The most headers.
    pub headers: usize,
    /// How long a request's head may take.
    pub head_timeout: Duration,
    /// How long a body may take.
    pub body_timeout: Duration,
    /// How long a client may take nothing.
    pub write_timeout: Duration,
    /// Bytes that the kernel holds for a client.
    pub send_buffer: usize,
    /// The most topics of a connection.
    pub topics: usize,
    /// The most patterns of all connections, each counted once.
    pub patterns: usize,
}

impl TryFrom<ServeOptions> for Settings {
    type Error = InvalidSetting;

    fn try_from(options: ServeOptions) -> Result<Self, InvalidSetting> {
        let all = options.clone();
        let ListenOptions {
            listen,
            admin_listen,
            log_level,
            pub_path,
            sub_path,
            max_body_size,
            trusted_proxy,
            forwarded_header,
            drain,
        } = options.listen;
        check::path("--pub-path", &pub_path)?;
        check::path("--sub-path", &sub_path)?;
        if admin_listen.is_some_and(|admin| admin.port() != 0 && admin == listen) {
            return Err(InvalidSetting::of("--admin-listen", "must not be --listen"));
        }
        check::more_than_zero("--max-body-size", max_body_size.as_usize())?;
        let streams = streams(&options.stream)?;
        let files = match options.files.serve_static_dir {
            Some(directory) => Some(check::files(directory, &options.files.serve_static_path)?),
            None => None,
        };
        check::no_collision(&pub_path, &sub_path, files.as_ref())?;
        let script = options.script;
        if script.script_tick.is_zero() {
            return Err(InvalidSetting::of(
                "--script-tick",
                "must be longer than zero",
            ));
        }
        let access = match (script.unsafe_script, script.allow_os) {
            (true, _) => Access::Unsafe,
            (false, true) => Access::Os,
            (false, false) => Access::Sandboxed,
        };
        let config = script.script.map(|path| {
            ScriptConfig::new(path)
                .tick(script.script_tick)
                .time_limit(check::unless_zero(script.script_timeout))
                .memory_limit(Some(script.script_memory.as_usize()).filter(|it| *it > 0))
                .access(access)
        });
        Ok(Self {
            listen,
            admin_listen,
            log_level: log_level.get(),
            pub_path,
            sub_path,
            max_body_size: max_body_size.as_usize(),
            trusted_proxies: trusted_proxy,
            forwarded_header,
            drain,
            streams,
            files,
            cors: cors(&options.cors)?,
            limits: limits(&options.limits)?,
            script: config,
            script_data: script.script_data,
            options: all,
        })
    }
}

fn streams(options: &StreamOptions) -> Result<Streams, InvalidSetting> {
    check::one_line("--keep-alive-text", &options.keep_alive_text)?;
    check::more_than_zero("--capacity", options.capacity)?;
    check::more_than_zero("--lag-count", options.lag_count)?;
    check::more_than_zero("--lag-bytes", options.lag_bytes.as_usize())?;
    check::more_than_zero("--reconnect-rate", options.reconnect_rate as usize)?;
    if options.lag_time.is_zero() {
        return Err(InvalidSetting::of("--lag-time", "must be longer than zero"));
    }
    // The capacity is kept whatever the other limits say.
    let kept = options.retain_count.max(options.capacity);
    let bytes = options.retain_bytes.as_usize();
    let retention = sse_hub::Retention::default()
        .count(kept)
        .at_least(options.capacity)
        .bytes(bytes)
        .per_topic(options.retain_per_topic);
    let retention = match check::unless_zero(options.retain_age) {
        Some(age) => retention.age(age),
        None => retention.any_age(),
    };
    // What is on a disk need not be in memory as well.
    let retained_in_memory = match options.store {
        Store::Memory => retention.clone(),
        Store::File(_) => retention
            .clone()
            .count(kept.min(options.capacity.max(MOST_IN_MEMORY)))
            .bytes(bytes.min(MOST_BYTES_IN_MEMORY)),
    };
    let number = |value: usize| Some(i64::try_from(value).unwrap_or(i64::MAX));
    let mut hub = sse_hub::Settings::default();
    hub.lag_entries = number(options.lag_count.max(options.capacity));
    hub.lag_bytes = number(options.lag_bytes.as_usize());
    hub.lag_millis = number(usize::try_from(options.lag_time.as_millis()).unwrap_or(usize::MAX));
    Ok(Streams {
        ids: options.wire_ids(),
        store: options.store.clone(),
        on_damage: if options.store_recover {
            OnDamage::Recover
        } else {
            OnDamage::Refuse
        },
        keep_alive: check::unless_zero(options.keep_alive),
        keep_alive_text: options.keep_alive_text.clone(),
        timeout: check::unless_zero(options.timeout),
        timeout_retry: options.timeout_retry,
        reconnect_base: options.reconnect_base,
        reconnect_rate: options.reconnect_rate,
        hub,
        retention,
        retained_in_memory,
        kept,
    })
}

/// Messages and bytes of a log on a disk that are held in memory.
const MOST_IN_MEMORY: usize = 10_000;
const MOST_BYTES_IN_MEMORY: usize = 64 * 1024 * 1024;

fn cors(options: &CorsOptions) -> Result<Cors, InvalidSetting> {
    let origins = check::list(
        "--cors-allow-origin",
        &options.cors_allow_origin,
        check::origin,
    )?;
    let methods = check::list("--cors-allow-methods", &options.cors_allow_methods, |it| {
        it.parse().ok()
    })?;
    let headers = check::list("--cors-allow-headers", &options.cors_allow_headers, |it| {
        it.parse().ok()
    })?;
    if options.cors_allow_credentials {
        let all = [
            ("--cors-allow-origin", origins.is_none()),
            ("--cors-allow-methods", methods.is_none()),
            ("--cors-allow-headers", headers.is_none()),
        ];
        if let Some((option, _)) = all.iter().find(|(_, is_all)| *is_all) {
            return Err(InvalidSetting::of(
                option,
                "must be a list and not * with --cors-allow-credentials",
            ));
        }
    }
    Ok(Cors {
        origins,
        methods,
        headers,
        credentials: options.cors_allow_credentials,
        max_age: options.cors_max_age,
    })
}

fn limits(options: &LimitOptions) -> Result<Limits, InvalidSetting> {
    if let Some(connections) = options.max_connections {
        check::more_than_zero("--max-connections", connections)?;
    }
    check::more_than_zero("--max-handshakes", options.max_handshakes)?;
    check::more_than_zero("--max-headers", options.max_headers)?;
    check::more_than_zero("--max-topics", options.max_topics)?;
    if options.max_head_size.get() < MIN_HEAD_SIZE as u64 {
        return Err(InvalidSetting::of(
            "--max-head-size",
            "must be at least 8KiB",
        ));
    }
    for (option, time) in [
        ("--head-timeout", options.head_timeout),
        ("--body-timeout", options.body_timeout),
        ("--write-timeout", options.write_timeout),
    ] {
        if time.is_zero() {
            return Err(InvalidSetting::of(option, "must be longer than zero"));
        }
    }
    check::more_than_zero("--send-buffer", options.send_buffer.as_usize())?;
    Ok(Limits {
        connections: options.max_connections,
        address_connections: options.max_address_connections,
        address_rate: options.address_rate,
        connection_rate: options.connection_rate,
        handshakes: options.max_handshakes,
        head_size: options.max_head_size.as_usize(),
        headers: options.max_headers,
        head_timeout: options.head_timeout,
        body_timeout: options.body_timeout,
        write_timeout: options.write_timeout,
        send_buffer: options.send_buffer.as_usize(),
        topics: options.max_topics,
        patterns: options.max_patterns,
    })
}

/// The buffer that a connection reads heads into is at least this long.
const MIN_HEAD_SIZE: usize = 8192;

/// An option whose value the server cannot work with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidSetting {
    option: &'static str,
    rule: String,
}

impl InvalidSetting {
    pub(crate) fn of(option: &'static str, rule: impl Into<String>) -> Self {
        Self {
            option,
            rule: rule.into(),
        }
    }

    /// Returns the name of the option.
    pub fn option(&self) -> &'static str {
        self.option
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.option, self.rule)
    }
}

impl std::error::Error for InvalidSetting {}

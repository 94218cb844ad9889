//! What all requests share.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use spread::draw;
use sse_core::Retry;
use sse_hub::{Hub, Ids, Topic, provider::file::File};

use crate::{
    cli::{Store, WireIds},
    registry::Registry,
    script::{Hook, Script},
    serve::StartError,
    settings::Settings,
};

mod spread;

/// The server's parts.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) hub: Hub,
    pub(crate) registry: Registry,
    script: OnceLock<Script>,
    draining: AtomicBool,
    /// How many there were when the drain began.
    departing: AtomicUsize,
}

impl App {
    pub(crate) fn new(settings: Settings, hub: Hub) -> Self {
        Self {
            registry: Registry::new(&settings.limits),
            settings,
            hub,
            script: OnceLock::new(),
            draining: AtomicBool::new(false),
            departing: AtomicUsize::new(0),
        }
    }

    /// Sets the script, once, before the first request.
    pub(crate) fn set_script(&self, script: Script) {
        let _ = self.script.set(script);
    }

    /// Returns the script; without one, nothing of a request goes through Lua.
    pub(crate) fn script(&self) -> Option<&Script> {
        self.script.get()
    }

    /// Returns the script if it defines a hook.
    pub(crate) fn script_with(&self, hook: Hook) -> Option<&Script> {
        self.script().filter(|script| script.defines(hook))
    }

    /// Whether topics are the script's, and not read from requests.
    pub(crate) fn script_routes(&self) -> bool {
        let routing = [Hook::Subscribe, Hook::Publish, Hook::Message];
        self.script()
            .is_some_and(|script| routing.iter().any(|&hook| script.defines(hook)))
    }

    /// Whether streams bear the hub's own ids and events.
    pub(crate) fn is_hub_wire(&self) -> bool {
        self.settings.streams.ids == WireIds::Hub
    }

    /// Entries that some listener of these topics has yet to take, of which `published` are new.
    pub(crate) fn queued(&self, topics: &[Topic], published: usize) -> usize {
        let behind = topics.iter().map(|topic| self.hub.lag(topic)).max();
        let behind = usize::try_from(behind.unwrap_or(0)).unwrap_or(usize::MAX);
        behind.max(published).min(self.settings.streams.kept)
    }

    /// Begins the end: not ready any more.
    pub(crate) fn begin_drain(&self) {
        self.departing.store(self.registry.len(), Ordering::Release);
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the server is about to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Draws a reconnection time, so that all connections together come back at the rate that is welcome.
    pub(crate) fn spread(&self) -> Retry {
        let streams = &self.settings.streams;
        let connections = self
            .registry
            .len()
            .max(self.departing.load(Ordering::Acquire));
        let base = Retry::from(streams.reconnect_base).as_millis();
        let spread = connections as u64 * 1000 / u64::from(streams.reconnect_rate);
        draw(base..=base.saturating_add(spread))
    }

    /// Draws the reconnection time of those who are asked to come again later.
    pub(crate) fn soft_reject() -> Retry {
        draw(15_000..=45_000)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// Makes the hub of a server.
pub(crate) fn hub(settings: &Settings) -> Result<Hub, StartError> {
    let streams = &settings.streams;
    let ids = match streams.ids {
        WireIds::Hub => Ids::Hub,
        WireIds::Publisher => Ids::Bare,
    };
    let builder = streams
        .hub
        .builder()?
        .retain(streams.retained_in_memory.clone())
        .ids(ids)
        .reconnection(streams.reconnect_base, streams.reconnect_rate)
        .no_keep_alive();
    let Store::File(directory) = &streams.store else {
        return Ok(builder.build());
    };
    let options = File::options().retain(streams.retention.clone());
    let file = options.on_damage(streams.on_damage).open(directory)?;
    Ok(builder.provider(move |_| Arc::new(file.clone())).build())
}

/// The server's parts, shared.
pub(crate) type Shared = Arc<App>;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::client::{Connection, Reply, Request};
use super::{Failure, Protocol, Route, Running, Scene, Script, Stage, Subject};

/// One demand on a server, with the name under which it is reported.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Check {
    /// The demand, as a sentence.
    pub name: &'static str,
    /// The routes without which it says nothing.
    pub(super) needs: &'static [Route],
    pub(super) run: fn(Trial) -> Demand,
}

/// The body of a check.
pub(super) type Demand = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// One run of a check: against which server, over which protocol, at what size.
#[derive(Clone, Debug)]
pub struct Trial {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) scale: Scale,
    pub(super) subject: Arc<dyn Subject>,
}

/// How much a run does and how long it waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Scale {
    /// How long a server without the shutdown handle is watched.
    pub control: Duration,
    /// How many clients leave, one after the other.
    pub leavers: usize,
    /// How long anything may take that should come at once.
    pub patience: Duration,
    /// How many streams are open at shutdown.
    pub streams: usize,
    /// How long silence is listened to.
    pub window: Duration,
}

/// A server that runs for one check.
pub(super) struct Play {
    pub(super) server: Running,
    pub(super) stage: Stage,
    pub(super) trial: Trial,
}

impl Check {
    /// Runs the check on a server of its own.
    ///
    /// # Errors
    ///
    /// What the server did otherwise than demanded.
    pub fn run(&self, trial: Trial) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on((self.run)(trial))
    }

    /// Whether a server with these routes can be asked.
    pub fn applies(&self, routes: &[Route]) -> bool {
        self.needs.iter().all(|route| routes.contains(route))
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Trial {
    /// Prepares a run; `name` stands before what the check notes.
    pub fn new(
        name: impl Into<String>,
        subject: Arc<dyn Subject>,
        protocol: Protocol,
        scale: Scale,
    ) -> Self {
        Self {
            name: name.into(),
            protocol,
            scale,
            subject,
        }
    }

    pub(super) fn start(self) -> Result<Play, Failure> {
        let stage = Stage::default();
        let server = self.subject.start(stage.clone())?;
        Ok(Play {
            server,
            stage,
            trial: self,
        })
    }
}

impl Scale {
    /// For adapters: what the project promises.
    pub const FULL: Self = Self {
        control: Duration::from_secs(3),
        leavers: 50,
        patience: Duration::from_secs(10),
        streams: 1000,
        window: Duration::from_millis(300),
    };

    /// For servers with a fault: small, so that many can be tried.
    pub const SMALL: Self = Self {
        control: Duration::from_secs(1),
        leavers: 3,
        patience: Duration::from_secs(3),
        streams: 20,
        window: Duration::from_millis(200),
    };
}

impl Play {
    pub(super) fn scene(&self, script: Script) -> Scene {
        self.stage.scene(script)
    }

    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(self.trial.protocol, self.server.address(), self.patience()).await
    }

    /// Sends a request on a connection of its own.
    pub(super) async fn send(&self, request: &Request) -> Result<Reply, Failure> {
        self.connect().await?.send(request, self.patience()).await
    }

    /// Opens a scene's stream and demands status 200.
    pub(super) async fn open(&self, scene: &Scene) -> Result<Reply, Failure> {
        let reply = self.send(&Request::get(scene, Route::Events)).await?;
        reply.expect_status(200)?;
        Ok(reply)
    }

    /// Opens a scene's stream and demands the opening comment.
    pub(super) async fn open_idle(&self, scene: &Scene) -> Result<Reply, Failure> {
        let mut reply = self.open(scene).await?;
        reply.expect(OPENING, self.patience()).await?;
        Ok(reply)
    }

    /// Prints what was measured at full scale.
    pub(super) fn note(&self, text: impl fmt::Display) {
        if self.trial.scale == Scale::FULL {
            println!("note {}: {text}", self.trial.name);
        }
    }

    pub(super) fn patience(&self) -> Duration {
        self.trial.scale.patience
    }

    pub(super) fn window(&self) -> Duration {
        self.trial.scale.window
    }
}

/// What a body opens with when no event is ready, and what keeps it alive.
pub(super) const OPENING: &str = ":\n\n";

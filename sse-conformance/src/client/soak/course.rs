use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sse_hub::Hub;
use tokio::{sync::watch, time::timeout};

use super::{
    hub_server::HubServer,
    log::{Log, TOPIC},
    progress::{PATIENCE, Progress, until},
    tally::{EVENT, Tally},
    verdict::{LIVENESS, Violation},
    watched::Seen,
};
use crate::{
    hub::Dice,
    proxy::{Cut, Fault, Proxy},
};

/// What comes over a client, one thing after another, as a seed decides.
pub(super) struct Course {
    pub(super) seed: u64,
    pub(super) dice: Dice,
    pub(super) hub: Hub,
    pub(super) log: Log,
    pub(super) server: HubServer,
    pub(super) proxy: Proxy,
    pub(super) seen: Arc<Seen>,
    pub(super) restarts: watch::Sender<u64>,
    pub(super) tally: Tally,
}

impl Course {
    /// Runs to the end, at which the client has read what was published last.
    pub(super) async fn run(&mut self) -> Result<(), Violation> {
        let troubles = self.dice.within(6, 10);
        for number in 0..troubles {
            self.publish_some(0).await?;
            self.trouble(number).await?;
            if self.progress().ended {
                return Ok(());
            }
        }
        self.proxy.set(Fault::None);
        self.proxy.accept().await;
        self.catch_up().await
    }

    /// Adds what the network and the server have done.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        let fired = self.proxy.fired();
        tally.add("black hole", fired.black_holes());
        tally.add("delayed", fired.delays());
        tally.add("throttled", fired.throttles());
        tally.add("split", fired.splits());
        tally.add("cut", fired.cuts());
        tally.add("reset", fired.resets());
        tally.add("turned away", self.server.turned_away());
        let progress = self.progress();
        let restarts = progress.restarts;
        tally.add("refused", progress.refused);
        tally.add("began anew with a stored state", restarts);
        tally.add(
            "reconnected",
            progress.attempts.saturating_sub(1 + restarts),
        );
        tally.merge(&self.seen.tally());
        tally
    }

    async fn trouble(&mut self, number: u64) -> Result<(), Violation> {
        // Seeds that follow each other begin with each of them.
        let which = match number {
            0 => self.seed % TROUBLES,
            _ => self.dice.below(TROUBLES),
        };
        // Half of all are cuts in the middle of an event, each at another byte.
        match which {
            0..=9 => self.end_in_event(number).await,
            10 => self.refuse().await,
            11 => self.cut(Cut::End).await,
            12 => self.cut(Cut::Reset).await,
            13 => self.slow_down(Fault::BlackHole).await,
            14 => {
                let delay = Duration::from_millis(self.dice.within(1, 4));
                self.slow_down(Fault::Delay(delay)).await
            }
            15 => {
                let rate = self.dice.within(50_000, 200_000);
                self.slow_down(Fault::Throttle(u32::try_from(rate).unwrap_or(u32::MAX)))
                    .await
            }
            16 => {
                let size = self.dice.within(1, 9);
                self.slow_down(Fault::Split(usize::try_from(size).unwrap_or(1)))
                    .await
            }
            17 => self.end_by_server().await,
            18 => self.turn_away().await,
            _ => self.begin_anew().await,
        }
    }

    /// The response ends behind a byte of an event, once or several times in a row.
    async fn end_in_event(&mut self, number: u64) -> Result<(), Violation> {
        let bytes = (self.seed.wrapping_mul(31) + number * 7) % (EVENT as u64 + 4);
        let times = self.dice.within(1, 3);
        self.proxy.set(Fault::EndBehind {
            mark: b"\n\n",
            times: usize::try_from(times).unwrap_or(1),
            bytes: usize::try_from(bytes).unwrap_or(0),
        });
        let attempts = self.progress().attempts + self.dice.within(1, 2);
        for _ in 0..40 {
            self.publish(1).await?;
            let reconnected = until(&self.seen.progress, |now| now.attempts >= attempts);
            if timeout(Duration::from_millis(4), reconnected).await.is_ok() {
                break;
            }
        }
        self.proxy.set(Fault::None);
        Ok(())
    }

    async fn refuse(&mut self) -> Result<(), Violation> {
        let refused = self.progress().refused + self.dice.within(1, 3);
        self.proxy.refuse().await;
        let how = *self.dice.pick(&[Cut::End, Cut::Reset]);
        self.proxy.cut(how);
        self.publish_some(0).await?;
        self.reach("the client is refused", |now| now.refused >= refused)
            .await?;
        self.proxy.accept().await;
        Ok(())
    }

    async fn cut(&mut self, how: Cut) -> Result<(), Violation> {
        let (cut, attempts) = (self.cuts(), self.progress().attempts + 1);
        self.publish_some(3).await?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // Whoever connects only now is not cut, and is with the next one.
            self.proxy.cut(how);
            self.publish_some(0).await?;
            let reconnected = until(&self.seen.progress, |now| now.attempts >= attempts);
            let in_time = timeout(Duration::from_millis(100), reconnected).await;
            if in_time.is_ok() && self.cuts() > cut {
                return Ok(());
            }
        }
        Err(self.stuck("the client comes again"))
    }

    /// Something that does not end the connection; a black hole makes the client leave it.
    async fn slow_down(&mut self, fault: Fault) -> Result<(), Violation> {
        let holes = self.proxy.fired().black_holes();
        self.proxy.set(fault);
        let attempts = self.progress().attempts + self.dice.within(1, 2);
        let number = self.publish(5).await?;
        let reached = self.reach("the client reads, or comes again", |now| match fault {
            Fault::BlackHole => now.attempts >= attempts,
            _ => now.last_number >= number || now.attempts >= attempts,
        });
        reached.await?;
        // An attempt is counted before it comes to the proxy.
        let begun = Instant::now();
        while fault == Fault::BlackHole
            && self.proxy.fired().black_holes() == holes
            && begun.elapsed() < PATIENCE
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.proxy.set(Fault::None);
        Ok(())
    }

    async fn end_by_server(&mut self) -> Result<(), Violation> {
        let attempts = self.progress().attempts + 1;
        let begun = Instant::now();
        let mut ended = 0;
        // Whoever is about to come is not there to be ended.
        while ended == 0 && begun.elapsed() < PATIENCE {
            ended = self.hub.disconnect(|_| true, "maintenance");
            self.publish_some(0).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.tally.add("ended by the server", ended as u64);
        self.reach("the client comes again", |now| now.attempts >= attempts)
            .await
    }

    async fn turn_away(&mut self) -> Result<(), Violation> {
        let times = self.dice.within(1, 3);
        let status = *self.dice.pick(&[408, 425, 429, 500, 502, 503, 504]);
        let attempts = self.progress().attempts + times;
        self.server.turn_away(times, status);
        self.proxy.cut(Cut::End);
        self.publish_some(0).await?;
        self.reach("the client comes again", |now| now.attempts >= attempts)
            .await
    }

    async fn begin_anew(&mut self) -> Result<(), Violation> {
        let restarts = self.progress().restarts + 1;
        self.publish_some(1).await?;
        self.restarts.send_modify(|times| *times += 1);
        self.publish_some(0).await?;
        self.reach("the reader begins anew", |now| now.restarts >= restarts)
            .await
    }

    /// Publishes until the client has read something that was published at a time without troubles.
    async fn catch_up(&mut self) -> Result<(), Violation> {
        let number = self.publish(1).await?;
        let caught_up = async {
            loop {
                let read = until(&self.seen.progress, |now| now.last_number >= number);
                if let Ok(read) = timeout(Duration::from_millis(30), read).await {
                    return Ok(read);
                }
                // With retention none, one that comes again has nothing to read.
                self.log.publish(&mut self.dice).await.map_err(failed)?;
            }
        };
        match timeout(PATIENCE, caught_up).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Err(violation)) => Err(violation),
            _ => Err(self.stuck("the client catches up")),
        }
    }

    async fn publish_some(&mut self, least: u64) -> Result<u64, Violation> {
        let times = self.dice.within(least, least + 4);
        self.publish(times).await
    }

    /// Publishes and returns the last number.
    async fn publish(&mut self, times: u64) -> Result<u64, Violation> {
        for _ in 0..times {
            self.log.publish(&mut self.dice).await.map_err(failed)?;
            if self.dice.one_in(3) {
                tokio::task::yield_now().await;
            }
        }
        Ok(self.log.len())
    }

    async fn reach(&self, what: &str, holds: impl Fn(&Progress) -> bool) -> Result<(), Violation> {
        if until(&self.seen.progress, holds).await {
            Ok(())
        } else {
            Err(self.stuck(what))
        }
    }

    fn stuck(&self, what: &str) -> Violation {
        let text = format!(
            "within {PATIENCE:?} never: {what}; of {} entries, {:?}, {:?}, {} connected, {:?}, {:?}",
            self.log.len(),
            self.progress(),
            self.seen.client(),
            self.hub_count(),
            self.proxy.fault(),
            self.proxy.fired(),
        );
        Violation::new(LIVENESS, text)
    }

    fn progress(&self) -> Progress {
        *self.seen.progress.borrow()
    }

    fn cuts(&self) -> u64 {
        self.proxy.fired().cuts() + self.proxy.fired().resets()
    }

    pub(super) fn hub_count(&self) -> usize {
        sse_hub::Topic::try_from(TOPIC).map_or(0, |topic| self.hub.count(&topic))
    }
}

/// Kinds of trouble, each as likely as it has numbers.
pub(super) const TROUBLES: u64 = 20;

fn failed(error: impl std::fmt::Display) -> Violation {
    Violation::new(LIVENESS, format!("nothing is published: {error}"))
}

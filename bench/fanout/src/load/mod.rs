//! The load: one thread, thousands of connections, every delivery checked.

mod blocks;
pub(crate) mod framing;
mod opening;
mod publisher;
mod record;
mod subscriber;
mod traffic;

use std::{
    io::ErrorKind,
    mem, thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Token};

pub(crate) use self::publisher::Receipt;
pub use self::publisher::{Publishing, Target};
use self::{
    blocks::data_of,
    publisher::Publisher,
    record::Record,
    subscriber::{Progress, Subscriber},
};
pub use self::{
    opening::Opening,
    subscriber::{Reads, Subscription},
    traffic::{Pace, Phase, Traffic, Until},
};

/// Connections to one server.
#[derive(Debug)]
pub struct Load {
    target: Target,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    data_len: usize,
    subscribers: Vec<Subscriber>,
    /// Each connects when it has something to say: a server waits only so long for a request.
    publishers: Vec<Option<Publisher>>,
    idle: Vec<usize>,
    record: Record,
    last_receipt: Option<Receipt>,
    /// Subscribers whose response has begun.
    open: usize,
}

/// What became of those who stopped reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stopped {
    pub cut: usize,
    pub told: usize,
    /// Neither cut nor told: they are still waited for.
    pub neither: usize,
}

/// A server that delivers nothing for so long has lost something.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tokens from here on are publishers.
const PUBLISHERS: usize = 1 << 32;

impl Load {
    pub fn new(target: Target, topics: usize, publishers: usize) -> Result<Self> {
        Ok(Self {
            target,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 << 10],
            data_len: 200,
            subscribers: Vec::new(),
            idle: (0..publishers).rev().collect(),
            publishers: (0..publishers).map(|_| None).collect(),
            record: Record::new(topics, publishers),
            last_receipt: None,
            open: 0,
        })
    }

    /// Sets how long the data of each event is, 200 bytes by default.
    #[must_use]
    pub fn data_len(mut self, bytes: usize) -> Self {
        self.data_len = bytes;
        self
    }

    /// Publishes one event, waits for the answer and returns its id and place in the topic.
    pub fn publish_one(&mut self, topic: u32) -> Result<(String, usize)> {
        let place = self.record.end(topic);
        self.publish(topic)?;
        let deadline = Instant::now() + PATIENCE;
        while self.idle.len() < self.publishers.len() {
            self.turn(PATIENCE)?;
            if Instant::now() > deadline {
                bail!("publishing was not answered in {PATIENCE:?}");
            }
        }
        let receipt = self.last_receipt.take().context("no answer")?;
        Ok((receipt.id, place))
    }

    /// Place after the last event of a topic.
    pub fn end(&self, topic: u32) -> usize {
        self.record.end(topic)
    }

    /// Reads what those that stopped were sent and tells what became of them; waits a while for those of whom nothing has.
    pub fn read_stopped(&mut self) -> Result<Stopped> {
        let began = Instant::now();
        let mut ended = vec![false; self.subscribers.len()];
        loop {
            let mut became = Stopped::default();
            for (index, subscriber) in self.subscribers.iter_mut().enumerate() {
                if subscriber.subscription.reads == Reads::Always {
                    continue;
                }
                if !ended[index] {
                    let progress = subscriber
                        .read_to_end(&mut self.buffer, &mut self.record)
                        .with_context(|| {
                            format!("stopped subscriber {index}, event {}", subscriber.place)
                        })?;
                    ended[index] = progress == Progress::Ended;
                }
                let told = subscriber.notices > 0;
                became.cut += usize::from(ended[index]);
                became.told += usize::from(told);
                became.neither += usize::from(!ended[index] && !told);
            }
            if became.neither == 0 || began.elapsed() > PATIENCE / 4 {
                return Ok(became);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until every subscriber was told when to come back, and returns that.
    ///
    /// # Errors
    ///
    /// Some are not.
    pub fn reconnection_times(&mut self) -> Result<Vec<Duration>> {
        let began = Instant::now();
        loop {
            let times = self.subscribers.iter().map(Subscriber::comes_back_after);
            if let Some(times) = times.collect() {
                return Ok(times);
            }
            if began.elapsed() > PATIENCE {
                bail!("a subscriber is not told when to come back");
            }
            self.turn(Duration::from_millis(100))?;
        }
    }

    fn publish(&mut self, topic: u32) -> Result<()> {
        let index = self.idle.pop().context("no publisher is idle")?;
        let number = self.record.send(topic, index as u16);
        let data = data_of(number, self.data_len);
        if self.publishers[index].is_none() {
            let mut publisher = Publisher::connect(self.target)?;
            let token = Token(PUBLISHERS + index);
            let registry = self.poll.registry();
            registry.register(&mut publisher.socket, token, Interest::READABLE)?;
            self.publishers[index] = Some(publisher);
        }
        let publisher = self.publishers[index].as_mut();
        publisher.context("it is connected")?.publish(topic, &data)
    }

    /// Waits for sockets that are ready and serves them.
    fn turn(&mut self, timeout: Duration) -> Result<()> {
        let mut events = mem::replace(&mut self.events, Events::with_capacity(0));
        match self.poll.poll(&mut events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => done?,
        }
        for event in &events {
            match event.token().0.checked_sub(PUBLISHERS) {
                Some(index) => self.answered(index)?,
                None => self.serve(event.token().0)?,
            }
        }
        self.events = events;
        Ok(())
    }

    fn answered(&mut self, index: usize) -> Result<()> {
        let publisher = self.publishers[index].as_mut();
        let publisher = publisher.context("who is answered has asked")?;
        let Some(receipt) = publisher.read(&mut self.buffer)? else {
            return Ok(());
        };
        self.idle.push(index);
        self.last_receipt = Some(receipt);
        Ok(())
    }

    fn serve(&mut self, index: usize) -> Result<()> {
        let subscriber = &mut self.subscribers[index];
        let was_open = subscriber.is_open();
        let progress = subscriber
            .request()
            .and_then(|()| subscriber.read(&mut self.buffer, &mut self.record))
            .with_context(|| format!("subscriber {index}, event {}", subscriber.place))?;
        if !was_open && subscriber.is_open() {
            self.open += 1;
        }
        if progress == Progress::Ended && subscriber.subscription.reads == Reads::Always {
            bail!(
                "subscriber {index} was cut after {} events",
                subscriber.place
            );
        }
        Ok(())
    }
}

//! One thread in which a seed decides who does what next.

use std::{sync::Arc, task::Context, time::Duration};

use sse_core::EventId;
use sse_hub::{
    Clock, Hub, PresenceChanges, Publishing, Topic,
    provider::{Memory, Provider},
};

use super::{
    client::{Client, Flag},
    delayed::Delayed,
    dice::Dice,
    fault::Fault,
    faulty_provider::FaultyProvider,
    on_disk::OnDisk,
    oracle::UNIX_START,
    plan::{Engine, Plan},
    reader::Held,
    record::{Happened, Record},
    recorded::Recorded,
};

/// Everything that a run holds.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) dice: Dice,
    pub(super) fault: Option<Fault>,
    pub(super) clock: Clock,
    pub(super) record: Record,
    pub(super) places: Vec<Place>,
    pub(super) hubs_begun: usize,
    pub(super) delayed: Option<Delayed>,
    pub(super) on_disk: Option<OnDisk>,
    pub(super) clients: Vec<Client>,
    pub(super) connections_begun: usize,
    pub(super) publishing: Vec<Pending>,
    pub(super) published: u64,
    pub(super) keys: Vec<String>,
    pub(super) own_ids: Vec<EventId>,
    /// Ids of any hub so far.
    pub(super) ids: Vec<EventId>,
    pub(super) held: Held,
}

/// A hub that clients can go to.
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) hub: Hub,
    pub(super) tail: usize,
    pub(super) presence: PresenceChanges,
    pub(super) draining: bool,
}

/// A publication that has yet to be answered.
pub(super) struct Pending {
    pub(super) hub: usize,
    pub(super) data: String,
    pub(super) key: Option<String>,
    pub(super) future: std::pin::Pin<Box<Publishing>>,
}

impl World {
    pub(super) fn new(engine: Engine, seed: u64, fault: Option<Fault>) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::new(engine, &mut dice);
        let clock = Clock::manual();
        clock.set_unix_millis(UNIX_START);
        let delayed = (engine == Engine::Delayed).then(|| {
            let delayed = Delayed::new(seed, UNIX_START);
            delayed.take_time(dice.below(4));
            delayed
        });
        let on_disk =
            (engine == Engine::File).then(|| OnDisk::new(&mut dice, clock.clone(), fault));
        let mut world = Self {
            plan,
            dice,
            fault,
            clock,
            record: Record::default(),
            places: Vec::new(),
            hubs_begun: 0,
            delayed,
            on_disk,
            clients: Vec::new(),
            connections_begun: 0,
            publishing: Vec::new(),
            published: 0,
            keys: Vec::new(),
            own_ids: Vec::new(),
            ids: Vec::new(),
            held: Held::default(),
        };
        for _ in 0..if world.delayed.is_some() { 2 } else { 1 } {
            let place = world.open();
            world.places.push(place);
        }
        world
    }

    /// Opens a hub.
    pub(super) fn open(&mut self) -> Place {
        let number = self.hubs_begun;
        self.hubs_begun += 1;
        let inner: Arc<dyn Provider> = match (&self.delayed, &mut self.on_disk) {
            (Some(delayed), _) => Arc::new(delayed.clone()),
            (_, Some(on_disk)) => Arc::new(on_disk.open()),
            _ => Arc::new(Memory::new(self.clock.clone())),
        };
        let tail = self.delayed.as_ref().map_or(0, Delayed::tails);
        self.record.note(Happened::Began {
            hub: number,
            status: inner.status(),
            records: match (&self.delayed, &self.on_disk) {
                (Some(delayed), _) => delayed.records(),
                (_, Some(on_disk)) => on_disk.records(),
                _ => Vec::new(),
            },
            rules: self.plan.rules.clone(),
        });
        let recorded: Arc<dyn Provider> =
            Arc::new(Recorded::new(inner, self.record.clone(), number));
        let provider = match self.fault {
            Some(fault @ (Fault::TailDrops | Fault::AckedTooEarly | Fault::VisibleTooEarly)) => {
                Arc::new(FaultyProvider::new(recorded, fault, self.dice.next()))
            }
            _ => recorded,
        };
        let builder = self.plan.builder(&self.clock);
        let hub = builder.provider(move |_| Arc::clone(&provider)).build();
        Place {
            number,
            presence: hub.presence_changes(),
            hub,
            tail,
            draining: false,
        }
    }

    /// Runs to the end and hands over the record.
    pub(super) fn run(mut self) -> Record {
        for _ in 0..self.plan.clients {
            let client = self.new_client();
            self.clients.push(client);
        }
        for _ in 0..self.plan.steps {
            self.step();
        }
        self.settle();
        if self.dice.one_in(3) {
            self.shut_down();
        }
        self.empty();
        self.record
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..=29 => self.publish(),
            30..=33 => self.publish_batch(),
            34..=35 => {
                for _ in 0..self.dice.within(5, 25) {
                    self.publish();
                }
            }
            36..=63 => self.poll_someone(),
            64..=75 => self.connect_someone(),
            76..=79 => self.crash_someone(),
            80..=82 => {
                let index = self.dice.index(self.clients.len());
                self.clients[index].paused ^= true;
                self.disturbed("reader pauses");
            }
            83..=87 => {
                let millis = self.dice.within(1, 40) * 100;
                self.advance(millis);
            }
            88 => self.clear(),
            89..=92 => self.change_topics(),
            93 => self.kick(),
            94 if self.delayed.is_none() && self.dice.one_in(3) => self.restart(),
            94 if self.delayed.is_some() && self.dice.one_in(2) => self.restart(),
            _ if self.on_disk.is_some() => self.disturb_disk(),
            _ => self.disturb(),
        }
        if self.on_disk.is_some() && self.dice.one_in(2) {
            self.pump();
        }
        self.answer_publishers();
        self.note_presence();
    }

    pub(super) fn advance(&mut self, millis: u64) {
        self.write_out();
        for place in &self.places {
            place.hub.maintain();
        }
        self.disturbed("time jumps");
        self.record.note(Happened::Clock { millis });
        self.clock.advance(Duration::from_millis(millis));
        if let Some(delayed) = &self.delayed {
            delayed.advance(millis);
        }
        for place in &self.places {
            place.hub.maintain();
        }
    }

    /// Lets the tails tell what the log's replay shows already: that something is gone.
    fn catch_up(&self) {
        if let Some(delayed) = &self.delayed {
            delayed.let_all_go();
        }
        self.pump();
    }

    /// Lets all hubs take in what their tails have.
    pub(super) fn pump(&self) {
        if let Some(on_disk) = &self.on_disk {
            on_disk.maintain();
        }
        for place in &self.places {
            place.hub.maintain();
        }
    }

    fn clear(&mut self) {
        let place = self.dice.index(self.places.len());
        let name = *self.dice.pick(&super::publisher::TOPICS);
        if let Ok(topic) = Topic::try_from(name) {
            let hub = self.places[place].hub.clone();
            let waker = Flag::raised().waker();
            let mut clearing = Box::pin(async move { hub.clear(&topic).await.is_ok() });
            self.disturbed("topic cleared");
            let _ = clearing.as_mut().poll(&mut Context::from_waker(&waker));
            self.catch_up();
        }
    }

    /// A hub is gone, and another takes its place.
    pub(super) fn restart(&mut self) {
        self.disturbed("hub replaced");
        let index = self.dice.index(self.places.len());
        for client in &mut self.clients {
            if let Some(connection) = client.connection.take_if(|it| it.place == index) {
                self.record.note(Happened::Left {
                    connection: connection.number,
                });
            }
        }
        let number = self.places[index].number;
        self.publishing.retain(|pending| pending.hub != number);
        let place = self.open();
        self.places[index] = place;
    }

    /// What engines elsewhere do.
    fn disturb(&mut self) {
        let Some(delayed) = self.delayed.clone() else {
            return self.publish();
        };
        match self.dice.below(16) {
            0 => {
                if delayed.lose_the_last() {
                    self.disturbed("end lost");
                    self.catch_up();
                }
            }
            1 if self.dice.one_in(2) => {
                self.disturbed("fork");
                delayed.fork(self.dice.below(4) as usize);
                self.catch_up();
            }
            2 => {
                self.disturbed("trim");
                delayed.trim(self.dice.below(5) as usize);
                self.catch_up();
            }
            3 if self.dice.one_in(2) => {
                self.disturbed("stall");
                delayed.stall();
            }
            4 | 5 => delayed.resume(),
            _ => {
                let place = self.dice.index(self.places.len());
                self.disturbed("told late");
                delayed.let_go(self.places[place].tail, self.dice.within(1, 30) as usize);
                self.places[place].hub.maintain();
            }
        }
    }

    pub(super) fn disturbed(&self, fault: &'static str) {
        self.record.note(Happened::Disturbed { fault });
    }

    pub(super) fn note_presence(&mut self) {
        use futures_core::Stream as _;
        for place in &mut self.places {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            while let std::task::Poll::Ready(Some(change)) =
                std::pin::Pin::new(&mut place.presence).poll_next(&mut cx)
            {
                self.record.note(Happened::Presence {
                    hub: place.number,
                    change,
                });
            }
        }
    }
}

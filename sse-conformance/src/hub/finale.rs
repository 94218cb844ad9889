//! How a run ends: everyone reads on, hubs shut down, memory is looked at.

use std::{sync::Arc, time::Duration};

use sse_hub::Clock;

use super::{oracle::UNIX_START, plan::Plan, record::Happened, replay::Replay, world::World};

impl World {
    /// Lets everyone read everything.
    pub(super) fn settle(&mut self) {
        if let Some(delayed) = &self.delayed {
            delayed.resume();
            delayed.let_all_go();
            // Who waits for an engine that did not answer asks it again.
            self.advance(300);
        }
        self.pump();
        self.answer_publishers();
        for client in &mut self.clients {
            client.paused = false;
        }
        for _ in 0..6 {
            self.read_all();
            for index in 0..self.clients.len() {
                if self.clients[index].connection.is_none() {
                    self.come_back(index);
                }
            }
        }
        self.read_all();
        self.note_presence();
        for place in 0..self.places.len() {
            let hub = self.places[place].number;
            self.record.note(Happened::Settled { hub });
        }
    }

    fn read_all(&mut self) {
        let mut goes_on = true;
        while goes_on {
            goes_on = false;
            for index in 0..self.clients.len() {
                while self.poll(index) {
                    goes_on = true;
                }
            }
        }
    }

    /// Shuts all hubs down, while some read and some do not, and publishing goes on.
    pub(super) fn shut_down(&mut self) {
        let window = self.dice.below(5) * 1000;
        for _ in 0..self.dice.below(20) {
            self.publish();
        }
        if let Some(delayed) = &self.delayed
            && self.dice.one_in(2)
        {
            // What they have yet to read is there, and not only on its way.
            delayed.let_all_go();
            self.pump();
        }
        if self.on_disk.is_some() {
            self.pump();
        }
        for index in 0..self.places.len() {
            self.record.note(Happened::Shutdown {
                hub: self.places[index].number,
            });
            self.places[index].draining = true;
            drop(
                self.places[index]
                    .hub
                    .shutdown(Duration::from_millis(window)),
            );
        }
        for _ in 0..8 {
            match self.dice.below(4) {
                0 => self.publish(),
                1 => self.poll_someone(),
                2 => self.connect_someone(),
                _ => {
                    let millis = self.dice.within(1, 10) * 100;
                    self.advance(millis);
                }
            }
        }
        self.advance(window + 1);
        if let Some(delayed) = &self.delayed {
            delayed.let_all_go();
        }
        self.pump();
        self.read_all();
        self.note_presence();
    }

    /// Lets go of everything, and compares what the hubs keep.
    pub(super) fn empty(&mut self) {
        for client in &mut self.clients {
            if let Some(connection) = client.connection.take() {
                let number = connection.number;
                drop(connection);
                self.record.note(Happened::Left { connection: number });
            }
        }
        self.publishing.clear();
        self.pump();
        self.note_presence();
        let happened = self.record.happened();
        for place in &self.places {
            place.hub.maintain();
            let memory = place.hub.memory();
            let kept = (memory.retained, memory.index);
            // What a hub remembers of losses depends on who asked, where the log has a replay of its own.
            let reference = if self.plan.rules.replay {
                kept
            } else {
                without_readers(&self.plan, &happened, place.number)
            };
            self.record.note(Happened::Emptied {
                hub: place.number,
                pinned: memory.pinned,
                kept: [kept, reference],
            });
        }
    }
}

/// Retained and index bytes of a hub that is told the same and never has a reader.
fn without_readers(plan: &Plan, happened: &[Happened], number: usize) -> (u64, u64) {
    let clock = Clock::manual();
    clock.set_unix_millis(UNIX_START);
    let mut hub = None;
    for event in happened {
        match event {
            Happened::Began {
                hub: of, status, ..
            } if *of == number => {
                let capabilities = sse_hub::provider::Capabilities::new()
                    .replay(plan.rules.replay)
                    .tail_is_head(!plan.rules.replay);
                let replay = Replay::new(status.clone(), capabilities);
                let provider = Arc::new(replay.clone());
                let built = plan
                    .builder(&clock)
                    .provider(move |_| Arc::clone(&provider) as _)
                    .build();
                hub = Some((built, replay));
            }
            Happened::Told { hub: of, item } if *of == number => {
                if let Some((_, replay)) = &hub {
                    replay.tell(item.clone());
                }
            }
            Happened::Clock { millis } => {
                if let Some((hub, _)) = &hub {
                    hub.maintain();
                }
                clock.advance(Duration::from_millis(*millis));
                if let Some((hub, _)) = &hub {
                    hub.maintain();
                }
            }
            _ => {}
        }
    }
    hub.map_or((0, 0), |(hub, _)| {
        hub.maintain();
        let memory = hub.memory();
        (memory.retained, memory.index)
    })
}

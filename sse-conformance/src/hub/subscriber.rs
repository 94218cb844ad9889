//! What subscribers do in a run.

use std::{
    future::IntoFuture as _,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use sse_core::EventId;
use sse_hub::{
    CloseReason, Lagging, OnGap, Position, Start, SubscribeError, SubscribeErrorKind, Subscription,
};

use super::{
    client::{Client, Connection, State},
    fault::Fault,
    oracle::UNIX_START,
    plan::{lagging, may_lag},
    publisher::TOPICS,
    reader::{Reader, spoil_cursor},
    record::{Happened, MayLag, Refusal, Wish},
    world::{Place, World},
};

const PATTERNS: [&str; 7] = ["a/*", "b/**", "**", "*", "*/x", "b/*/1", "nobody/*"];

impl World {
    fn selectors(&mut self) -> Vec<String> {
        let count = *self.dice.pick(&[1, 1, 1, 2, 3]);
        let mut selectors: Vec<String> = (0..count)
            .map(|_| {
                if self.dice.one_in(3) {
                    (*self.dice.pick(&PATTERNS)).to_owned()
                } else {
                    (*self.dice.pick(&TOPICS)).to_owned()
                }
            })
            .collect();
        selectors.sort();
        selectors.dedup();
        selectors
    }

    pub(super) fn new_client(&mut self) -> Client {
        let wish = Wish {
            selectors: self.selectors(),
            after: None,
            start: Start::Latest,
            on_gap: OnGap::Latest,
            lagging: self.plan.lagging,
            may_lag: self.plan.may_lag,
        };
        Client {
            wish,
            last: None,
            older: Vec::new(),
            connection: None,
            paused: false,
        }
    }

    pub(super) fn connect_someone(&mut self) {
        let index = self.dice.index(self.clients.len());
        if self.clients[index].connection.is_none() {
            self.connect(index);
        }
    }

    fn connect(&mut self, index: usize) {
        let after = self.cursor(index);
        let start = match self.dice.below(6) {
            0 | 1 => Start::Earliest,
            2 => Start::Last(self.dice.below(12) as usize),
            3 => {
                let millis = UNIX_START + self.dice.below(60) * 1000;
                Start::Since(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            }
            _ => Start::Latest,
        };
        let on_gap = *self
            .dice
            .pick(&[OnGap::Latest, OnGap::Latest, OnGap::Earliest, OnGap::Fail]);
        if self.dice.one_in(3) {
            self.clients[index].wish.lagging = lagging(&mut self.dice);
            self.clients[index].wish.may_lag = may_lag(&mut self.dice);
        }
        let wish = &mut self.clients[index].wish;
        (wish.after, wish.start, wish.on_gap) = (after, start, on_gap);
        self.ask(index);
    }

    /// Comes back as a client does that has lost its connection.
    pub(super) fn come_back(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.wish.after = client.last.clone();
        client.wish.on_gap = OnGap::Latest;
        self.ask(index);
    }

    fn ask(&mut self, index: usize) {
        let place = self.dice.index(self.places.len());
        let number = self.connections_begun;
        self.connections_begun += 1;
        let markers = self.dice.one_in(3);
        let client = &mut self.clients[index];
        let wish = &client.wish;
        let Place {
            number: hub_number,
            hub,
            ..
        } = &self.places[place];
        let log_head = match &self.delayed {
            Some(delayed) => delayed.last(),
            None => hub.head().seq,
        };
        self.record.note(Happened::Connecting {
            connection: number,
            hub: *hub_number,
            wish: wish.clone(),
            log_head,
        });
        let after = wish.after.as_ref().map(|id| spoil_cursor(self.fault, id));
        let may_lag = match self.fault {
            Some(Fault::LimitIgnored) => MayLag::FOR_EVER,
            _ => wish.may_lag,
        };
        let mut subscribe = hub
            .subscribe(wish.selectors.clone())
            .after(after)
            .from(wish.start)
            .on_gap(wish.on_gap)
            .lagging(wish.lagging)
            .lag_limit(may_lag.limit())
            .presence(format!("client {index}"), "");
        if markers {
            subscribe = subscribe.markers();
        }
        client.connection = Some(Connection::new(number, place, subscribe.into_future()));
        self.poll(index);
    }

    /// A last event ID: mostly the right one.
    fn cursor(&mut self, index: usize) -> Option<EventId> {
        let (dice, client) = (&mut self.dice, &self.clients[index]);
        let real = match dice.below(10) {
            0 | 1 => return None,
            2 if !client.older.is_empty() => Some(dice.pick(&client.older).clone()),
            3 if !self.ids.is_empty() => Some(dice.pick(&self.ids).clone()),
            _ => client.last.clone(),
        };
        if !dice.one_in(4) {
            return real;
        }
        let head = self.places[dice.index(self.places.len())].hub.head();
        let base = real
            .as_ref()
            .and_then(|id| id.as_str().parse::<Position>().ok())
            .unwrap_or(head);
        let edited = |edit: &dyn Fn(&mut Position)| {
            let mut position = base;
            edit(&mut position);
            Some(position.to_event_id())
        };
        let text = |text: String| EventId::try_from(text).ok();
        let salt = dice.next();
        match dice.below(9) {
            0 => edited(&|it| it.nonce ^= 1 + (salt as u32 >> 8)),
            1 => edited(&|it| it.nonce = 0),
            2 => edited(&|it| (it.epoch, it.seq) = (head.epoch, head.seq + 1 + salt % 3)),
            3 => edited(&|it| it.epoch = sse_hub::Epoch::from_hash(salt)),
            4 => text(format!("v1.{salt}")),
            5 => text("x".repeat(300)),
            6 => text(format!("{}-{salt}{salt}-0badc0de", head.epoch)),
            7 if !self.own_ids.is_empty() => Some(dice.pick(&self.own_ids).clone()),
            _ => text(format!("nobody's {salt}")),
        }
    }

    pub(super) fn poll_someone(&mut self) {
        let index = self.dice.index(self.clients.len());
        if !self.clients[index].paused {
            let times = self.dice.within(1, 4);
            for _ in 0..times {
                self.poll(index);
            }
        }
    }

    /// Lets sockets take what was handed to them.
    pub(super) fn write_out(&mut self) {
        for client in &mut self.clients {
            let mut blocks = Vec::new();
            if let Some(connection) = &mut client.connection
                && let Some(held) = connection.held.take()
            {
                blocks = connection.decode(&held, &self.record);
            }
            client.remember(&blocks);
        }
    }

    /// Polls a client's connection once if it was woken; whether anything came of it.
    pub(super) fn poll(&mut self, index: usize) -> bool {
        let client = &mut self.clients[index];
        let Some(connection) = &mut client.connection else {
            return false;
        };
        let mut blocks = Vec::new();
        if let Some(held) = connection.held.take() {
            blocks = connection.decode(&held, &self.record);
        }
        client.remember(&blocks);
        let Some(connection) = &mut client.connection else {
            return false;
        };
        if !connection.flag.is_up() {
            return false;
        }
        connection.flag.lower();
        let waker = connection.flag.waker();
        let mut cx = Context::from_waker(&waker);
        match &mut connection.state {
            State::Asking(asking) => {
                if let Poll::Ready(answer) = asking.as_mut().poll(&mut cx) {
                    self.begin(index, answer);
                    return true;
                }
                connection.flag.is_up()
            }
            State::Reading(reader) => match reader.poll(&mut cx) {
                Poll::Pending => {
                    self.record.note(Happened::Considered {
                        connection: connection.number,
                        position: reader.position(),
                    });
                    connection.flag.is_up()
                }
                Poll::Ready(Some(bytes)) => {
                    connection.flag.raise();
                    // What replaces an entry is known only at the moment in which that is left out.
                    let may_wait = client.wish.lagging != Lagging::LatestPerKey;
                    if may_wait && self.dice.one_in(6) {
                        // The socket takes its time.
                        connection.held = Some(bytes);
                    } else {
                        let position = reader.position();
                        let blocks = connection.decode(&bytes, &self.record);
                        self.record.note(Happened::Considered {
                            connection: connection.number,
                            position,
                        });
                        client.remember(&blocks);
                    }
                    true
                }
                Poll::Ready(None) => {
                    let reason = reader.end_reason().map(|it| it.to_string());
                    let connection = connection.number;
                    self.record.note(Happened::Ended { connection, reason });
                    client.connection = None;
                    true
                }
            },
        }
    }

    fn begin(&mut self, index: usize, answer: Result<Subscription, SubscribeError>) {
        let seed = self.dice.next();
        let client = &mut self.clients[index];
        let Some(connection) = &mut client.connection else {
            return;
        };
        let number = connection.number;
        match answer {
            Ok(subscription)
                if subscription.end_reason() == Some(CloseReason::Overload)
                    && !self.places[connection.place].draining =>
            {
                self.record.note(Happened::Refused {
                    connection: number,
                    why: Refusal::Unavailable,
                });
                client.connection = None;
            }
            Ok(subscription) => {
                let hub = self.places[connection.place].hub.clone();
                let asked = client.wish.after.clone();
                let reader = Reader::new(subscription, hub, asked, self.fault, seed, &self.held);
                self.record.note(Happened::Connected {
                    connection: number,
                    resume: reader.resume(),
                });
                connection.state = State::Reading(Box::new(reader));
                connection.flag.raise();
            }
            Err(error) => {
                let why = match error.kind() {
                    SubscribeErrorKind::Gap(gap) => Refusal::Gap(gap.reason.to_string()),
                    SubscribeErrorKind::Closed => Refusal::Closed,
                    _ => Refusal::Unavailable,
                };
                self.record.note(Happened::Refused {
                    connection: number,
                    why,
                });
                client.connection = None;
            }
        }
    }

    /// A client goes without a word, perhaps in the middle of what it was given, perhaps without having saved its id.
    pub(super) fn crash_someone(&mut self) {
        let index = self.dice.index(self.clients.len());
        let cut = self.dice.next() as usize;
        let forgets = self.dice.one_in(4);
        let client = &mut self.clients[index];
        let Some(mut connection) = client.connection.take() else {
            return;
        };
        let mut bytes = connection.held.take();
        if bytes.is_none()
            && connection.flag.is_up()
            && let State::Reading(reader) = &mut connection.state
        {
            let waker = connection.flag.waker();
            if let Poll::Ready(Some(batch)) = reader.poll(&mut Context::from_waker(&waker)) {
                bytes = Some(batch);
            }
        }
        if let Some(bytes) = bytes {
            let blocks = connection.decode(&bytes.slice(..cut % (bytes.len() + 1)), &self.record);
            client.remember(&blocks);
        }
        if forgets && let Some(older) = client.older.pop() {
            client.last = Some(older);
        }
        self.record.note(Happened::Disturbed {
            fault: "client gone",
        });
        self.record.note(Happened::Left {
            connection: connection.number,
        });
    }

    pub(super) fn change_topics(&mut self) {
        self.write_out();
        let index = self.dice.index(self.clients.len());
        let add = self.dice.one_in(2);
        let added = if add { self.selectors() } else { Vec::new() };
        let client = &mut self.clients[index];
        let Some(Connection {
            number,
            state: State::Reading(reader),
            ..
        }) = &client.connection
        else {
            return;
        };
        let handle = reader.handle();
        if !handle.is_live() {
            return;
        }
        let mut removed = Vec::new();
        if add {
            if handle.add_topics(added.clone()).is_err() {
                return;
            }
        } else {
            removed.push(self.dice.pick(&client.wish.selectors).clone());
            if client.wish.selectors.len() < 2 || handle.remove_topics(removed.clone()).is_err() {
                return;
            }
        }
        let fault = if add {
            "topics added"
        } else {
            "topics removed"
        };
        self.record.note(Happened::Disturbed { fault });
        self.record.note(Happened::Topics {
            connection: *number,
            added: added.clone(),
            removed: removed.clone(),
            after: reader.position(),
        });
        client.wish.selectors.retain(|it| !removed.contains(it));
        client.wish.selectors.extend(added);
        client.wish.selectors.sort();
        client.wish.selectors.dedup();
    }

    pub(super) fn kick(&mut self) {
        let index = self.dice.index(self.clients.len());
        if let Some(Connection {
            number,
            state: State::Reading(reader),
            ..
        }) = &self.clients[index].connection
            && reader.handle().disconnect("kicked")
        {
            self.record.note(Happened::Kicked {
                connection: *number,
            });
        }
    }
}

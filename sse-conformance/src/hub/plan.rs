use std::time::Duration;

use sse_hub::{Builder, Clock, Hub, Ids, Lagging, Retention};

use super::{
    dice::Dice,
    record::{MayLag, Rules},
};

/// The engine under the hub of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// `sse_hub::provider::Memory`.
    Memory,
    /// [`Delayed`](super::Delayed), with two hubs that follow it.
    Delayed,
    /// `sse_hub::provider::file::File` on a disk that fails, and forgets what a real one may.
    File,
}

impl Engine {
    /// The engine of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "memory" => Some(Self::Memory),
            "delayed" => Some(Self::Delayed),
            "file" => Some(Self::File),
            _ => None,
        }
    }
}

/// What a seed decides before anything happens.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) rules: Rules,
    pub(crate) lagging: Lagging,
    pub(crate) may_lag: MayLag,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) pin_limit: u64,
    pub(crate) steps: u64,
    pub(crate) clients: usize,
    pub(crate) large_events: bool,
}

impl Plan {
    pub(crate) fn new(engine: Engine, dice: &mut Dice) -> Self {
        let replay = engine != Engine::Memory;
        let ids = *dice.pick(&[Ids::Hub, Ids::Hub, Ids::Hub, Ids::Publisher, Ids::Bare]);
        let mut rules = Rules {
            ids,
            retention: Retention::default().any_age(),
            count: 10_000,
            per_topic: 0,
            age: None,
            keep_unless_divisible_by: None,
            exact: true,
            max_replay: None,
            replay,
            by_topic: engine == Engine::File,
            durable: engine == Engine::File,
            pin_limit: false,
        };
        match dice.below(10) {
            0..=4 => rules.count = dice.within(1, 25) as usize,
            5 => rules.count = 0,
            6 => {
                rules.count = dice.within(1, 10) as usize;
                rules.per_topic = dice.within(1, 3) as usize;
            }
            7 => rules.age = Some(dice.within(2, 20) * 1000),
            8 => {
                rules.retention = rules.retention.bytes(dice.within(1, 8) as usize * 1000);
                rules.exact = false;
            }
            _ => {}
        }
        rules.retention = rules
            .retention
            .count(rules.count)
            .per_topic(rules.per_topic);
        if let Some(age) = rules.age {
            rules.retention = rules.retention.age(Duration::from_millis(age));
        }
        if dice.one_in(8) && !replay {
            let by = dice.within(3, 7);
            rules.keep_unless_divisible_by = Some(by);
            rules.retention = rules
                .retention
                .keep_while(move |entry| entry.seq() % by != 0);
        }
        if dice.one_in(5) {
            rules.max_replay = Some(dice.within(1, 10));
        }
        let mut pin_limit = 256 * 1024 * 1024;
        if dice.one_in(10) {
            rules.pin_limit = true;
            pin_limit = dice.within(0, 4) * 500;
        }
        Self {
            rules,
            lagging: lagging(dice),
            may_lag: may_lag(dice),
            keep_alive: *dice.pick(&[
                None,
                Some(Duration::from_secs(14)),
                Some(Duration::from_secs(3)),
            ]),
            pin_limit,
            steps: dice.within(100, 400),
            clients: dice.within(1, 8) as usize,
            large_events: dice.one_in(6),
        }
    }

    pub(crate) fn builder(&self, clock: &Clock) -> Builder {
        let builder = Hub::builder()
            .clock(clock.clone())
            .ids(self.rules.ids)
            .retain(self.rules.retention.clone())
            .lagging(self.lagging)
            .lag_limit(self.may_lag.limit())
            .pin_limit(self.pin_limit);
        let builder = match self.keep_alive {
            Some(interval) => builder.keep_alive(interval),
            None => builder.no_keep_alive(),
        };
        match self.rules.max_replay {
            Some(most) => builder.max_replay(most),
            None => builder,
        }
    }
}

pub(crate) fn lagging(dice: &mut Dice) -> Lagging {
    *dice.pick(&[Lagging::Disconnect, Lagging::Skip, Lagging::LatestPerKey])
}

pub(crate) fn may_lag(dice: &mut Dice) -> MayLag {
    let mut allowed = MayLag::default();
    match dice.below(5) {
        0 | 1 => allowed.entries = dice.within(2, 30) as usize,
        2 => allowed.bytes = dice.within(1, 20) as usize * 300,
        3 => allowed.millis = dice.within(2, 10) * 1000,
        _ => {}
    }
    allowed
}

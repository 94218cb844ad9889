//! A hub in some state, a client's cursor, and what must come of it.

use std::time::Duration;

use sse_hub::{Clock, Event, EventId, GapAs, Hub, OnGap, Position, Start, Subscription};

use crate::{client::Client, scripted::Scripted, shared::ready_text};

pub(crate) struct Scene {
    pub(crate) hub: Hub,
    clock: Clock,
    positions: Vec<Position>,
    next: u64,
    pub(crate) own_ids: bool,
    pub(crate) cursor: Option<EventId>,
    pub(crate) start: Start,
    pub(crate) on_gap: OnGap,
    gap_as: GapAs,
    /// The last number that the client had before it came.
    pub(crate) seen_before: Option<u64>,
    /// The first number that it must be given.
    pub(crate) begins_with: Option<u64>,
    reasons: Vec<&'static str>,
    must_tell: bool,
    pub(crate) told_again: bool,
    /// How many are published before the client reads on.
    pub(crate) bursts: usize,
    pub(crate) then: Then,
}

/// What happens on the first connection after all that was published.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Then {
    Nothing,
    Silence,
    Kick,
}

impl Scene {
    pub(crate) fn new(configure: impl FnOnce(sse_hub::Builder) -> sse_hub::Builder) -> Self {
        let clock = Clock::manual();
        let hub = configure(Hub::builder().clock(clock.clone())).build();
        Self {
            positions: vec![hub.head()],
            hub,
            clock,
            next: 1,
            own_ids: false,
            cursor: None,
            start: Start::default(),
            on_gap: OnGap::default(),
            gap_as: GapAs::default(),
            seen_before: None,
            begins_with: None,
            reasons: Vec::new(),
            must_tell: false,
            told_again: false,
            bursts: 1,
            then: Then::Nothing,
        }
    }

    pub(crate) fn on(provider: &Scripted) -> Self {
        let provider = provider.clone();
        Self::new(|it| it.provider(move |_| std::sync::Arc::new(provider.clone())))
    }

    pub(crate) fn must_tell(mut self, gap_as: GapAs, reason: &'static str) -> Self {
        self.must_tell = true;
        self.may_tell(gap_as, &[reason])
    }

    pub(crate) fn may_tell(mut self, gap_as: GapAs, reasons: &[&'static str]) -> Self {
        self.gap_as = gap_as;
        self.reasons = reasons.to_vec();
        self
    }

    pub(crate) async fn publish(&mut self, count: usize) {
        for _ in 0..count {
            let mut event = Event::new(self.next.to_string());
            if self.own_ids {
                event = event.try_id(format!("own-{}", self.next)).unwrap();
            }
            let published = self.hub.publish("a", event).await.unwrap();
            self.positions.push(published.position);
            self.next += 1;
        }
    }

    /// Numbers that nobody will see.
    pub(crate) fn skip_numbers(&mut self, count: u64) {
        self.next += count;
    }

    /// The numbers from here on were withdrawn and are given again.
    pub(crate) fn rewind(&mut self, next: u64) {
        self.next = next;
    }

    /// Lets time pass, and what is over with it.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.hub.maintain();
    }

    /// The position of the nth publication; of the 0th, the beginning.
    pub(crate) fn position(&self, number: usize) -> Position {
        self.positions[number]
    }

    pub(crate) async fn connect(&self, after: Option<EventId>) -> Subscription {
        let subscribe = self.hub.subscribe("a").after(after).from(self.start);
        let subscribe = subscribe.on_gap(self.on_gap).gap_as(self.gap_as).markers();
        subscribe.await.unwrap()
    }

    /// All that the first connection brings: opening, replay, and what is published meanwhile.
    pub(crate) async fn first_connection(&mut self, subscription: &mut Subscription) -> String {
        let mut text = ready_text(subscription);
        self.publish(self.bursts).await;
        text += &ready_text(subscription);
        self.publish(1).await;
        text += &ready_text(subscription);
        if self.then == Then::Silence {
            self.hub.publish("b", Event::new("x")).await.unwrap();
            self.wait(14);
            text += &ready_text(subscription);
            assert!(text.ends_with(": keep-alive\n\n"), "{text}");
        }
        if self.then == Then::Kick {
            self.hub.disconnect(|_| true, "kicked");
            text += &ready_text(subscription);
        }
        text
    }

    #[track_caller]
    pub(crate) fn judge(&self, client: &Client, story: &str) {
        if let Err(fault) = client.missed_nothing_in_silence(self.seen_before) {
            panic!("{fault}: {story}");
        }
        let gaps = client.gaps();
        assert!(gaps.iter().all(|gap| self.reasons.contains(gap)), "{story}");
        if self.must_tell {
            assert!(!gaps.is_empty(), "{story}");
            assert!(
                matches!(client.told[0], crate::client::Told::Gap(_)),
                "{story}"
            );
        }
        // A comment is read before its block is complete, so that one may be told again.
        let again = self.told_again || self.gap_as == GapAs::Comment;
        assert!(again || gaps.len() <= 1, "{story}");
        let numbers = client.numbers();
        assert_eq!(numbers.last(), Some(&(self.next - 1)), "{story}");
        if let Some(first) = self.begins_with {
            assert_eq!(numbers.first(), Some(&first), "{story}");
        }
    }
}

//! What publishers do in a run.

use std::{future::IntoFuture as _, task::Context, task::Poll, time::Duration};

use sse_core::{Event, EventId, EventType, Strip};
use sse_hub::{Ids, Publish, PublishError, Published};

use super::{
    client::Flag,
    record::{Answer, Happened},
    world::{Pending, World},
};

pub(super) const TOPICS: [&str; 8] = ["a", "b", "c", "a/x", "a/y", "b/x/1", "b/x/2", "b/y/1"];

impl World {
    pub(super) fn publish(&mut self) {
        let place = self.dice.index(self.places.len());
        let (data, key, publish) = self.draft(place);
        self.publishing.push(Pending {
            hub: self.places[place].number,
            data,
            key,
            future: Box::pin(publish.into_future()),
        });
        self.answer_publishers();
    }

    pub(super) fn publish_batch(&mut self) {
        let place = self.dice.index(self.places.len());
        let drafts: Vec<_> = (0..self.dice.within(1, 8))
            .map(|_| self.draft(place))
            .collect();
        let (mut said, mut batch) = (Vec::new(), Vec::new());
        for (data, key, publish) in drafts {
            said.push((data, key));
            batch.push(publish);
        }
        let hub = self.places[place].hub.clone();
        let mut publishing = Box::pin(async move {
            match hub.publish_batch(batch).await {
                Ok(published) => published.into_iter().map(Ok).collect(),
                Err(error) => error.into_answers(),
            }
        });
        let waker = Flag::raised().waker();
        let number = self.places[place].number;
        let mut cx = Context::from_waker(&waker);
        let mut answers = publishing.as_mut().poll(&mut cx);
        if answers.is_pending() {
            self.pump();
            answers = publishing.as_mut().poll(&mut cx);
        }
        if let Poll::Ready(answers) = answers {
            for ((data, key), answer) in said.into_iter().zip(answers) {
                self.answered(number, data, key, answer);
            }
        }
    }

    fn draft(&mut self, place: usize) -> (String, Option<String>, Publish) {
        let dice = &mut self.dice;
        self.published += 1;
        let mut data = format!("p{}", self.published);
        if self.plan.large_events && dice.one_in(3) {
            data.push_str(&"x".repeat(dice.within(100, 30_000) as usize));
        }
        let mut event = Event::new(data.clone());
        if dice.one_in(4) {
            event = event.event(EventType::from_static("created"));
        }
        if dice.one_in(4) {
            // Which of two is the first that is still held must be known exactly.
            let may_repeat = self.plan.rules.exact && !self.own_ids.is_empty();
            let own = match (may_repeat, self.plan.rules.ids) {
                (true, _) if dice.one_in(8) => dice.pick(&self.own_ids).clone(),
                (_, Ids::Bare) if dice.one_in(4) => {
                    EventId::sanitized(format!("v1.own{}", self.published), Strip::default()).value
                }
                _ => EventId::from(self.published),
            };
            self.own_ids.push(own.clone());
            event = event.id(own);
        }
        let topics: Vec<&str> = match dice.below(10) {
            0..=6 => vec![*dice.pick(&TOPICS)],
            7 | 8 => (0..dice.within(2, 4))
                .map(|_| *dice.pick(&TOPICS))
                .collect(),
            _ => (0..16).map(|_| *dice.pick(&TOPICS)).collect(),
        };
        let mut publish = self.places[place].hub.publish(topics, event);
        if dice.one_in(3) {
            publish = publish.key(format!("k{}", dice.below(4)));
        }
        if dice.one_in(6) {
            publish = publish.time_to_live(Duration::from_millis(dice.within(1, 200) * 100));
        }
        let mut key = None;
        if dice.one_in(6) {
            let again = !self.keys.is_empty() && dice.one_in(3);
            let chosen = if again {
                dice.pick(&self.keys).clone()
            } else {
                format!("once{}", self.published)
            };
            self.keys.push(chosen.clone());
            publish = publish.idempotency_key(chosen.clone());
            key = Some(chosen);
        }
        (data, key, publish)
    }

    /// Takes the answers that there are.
    pub(super) fn answer_publishers(&mut self) {
        let mut waiting = Vec::new();
        for mut pending in std::mem::take(&mut self.publishing) {
            let waker = Flag::raised().waker();
            match pending
                .future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
            {
                Poll::Pending => waiting.push(pending),
                Poll::Ready(answer) => {
                    self.answered(pending.hub, pending.data, pending.key, answer);
                }
            }
        }
        self.publishing = waiting;
    }

    fn answered(
        &mut self,
        hub: usize,
        data: String,
        idempotency_key: Option<String>,
        answer: Result<Published, PublishError>,
    ) {
        if let Ok(published) = &answer {
            self.ids.push(published.id());
        }
        let answer = answer
            .map_err(|error| error.to_string())
            .map(|published| Answer {
                seq: published.seq(),
                nonce: published.position.nonce,
                duplicate: published.duplicate,
            });
        self.record.note(Happened::Published {
            hub,
            data,
            idempotency_key,
            answer,
        });
    }
}

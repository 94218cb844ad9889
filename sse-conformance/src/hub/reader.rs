use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use sse_core::EventId;
use sse_hub::{CloseReason, Hub, Position, Resume, Subscription, SubscriptionHandle};

use super::{dice::Dice, fault::Fault};

/// What was delivered and is held for ever.
pub(crate) type Held = Arc<Mutex<Vec<Bytes>>>;

/// A subscription as a client sees it, with one fault planted in it or none.
pub(crate) struct Reader {
    subscription: Subscription,
    hub: Hub,
    fault: Option<Fault>,
    dice: Dice,
    again: VecDeque<Bytes>,
    held: Held,
    /// The id that the client came with, if it is to be believed that nothing is missing.
    pretended: Option<EventId>,
    is_first: bool,
}

impl Reader {
    pub(crate) fn new(
        subscription: Subscription,
        hub: Hub,
        asked: Option<EventId>,
        fault: Option<Fault>,
        seed: u64,
        held: &Held,
    ) -> Self {
        let is_gap =
            matches!(subscription.resume(), Resume::Gap(gap) if gap.reason.as_str() == "expired");
        let pretended = match fault {
            Some(Fault::CursorMoved) if is_gap => asked,
            Some(Fault::OffByOneResume | Fault::NonceIgnored)
                if *subscription.resume() == Resume::Complete =>
            {
                asked
            }
            _ => None,
        };
        Self {
            subscription,
            hub,
            fault,
            dice: Dice::new(seed),
            again: VecDeque::new(),
            held: Arc::clone(held),
            pretended,
            is_first: true,
        }
    }

    pub(crate) fn resume(&self) -> Resume {
        match &self.pretended {
            Some(_) => Resume::Complete,
            None => self.subscription.resume().clone(),
        }
    }

    pub(crate) fn position(&self) -> Position {
        self.subscription.position()
    }

    pub(crate) fn handle(&self) -> SubscriptionHandle {
        self.subscription.handle()
    }

    pub(crate) fn end_reason(&self) -> Option<CloseReason> {
        self.subscription.end_reason()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(again) = self.again.pop_front() {
            return Poll::Ready(Some(again));
        }
        loop {
            let mut cx = Context::from_waker(match self.fault {
                Some(Fault::LostWake) if self.dice.one_in(10) => Waker::noop(),
                _ => cx.waker(),
            });
            let polled = Pin::new(&mut self.subscription).poll_next(&mut cx);
            let Some(batch) = ready!(polled) else {
                return Poll::Ready(None);
            };
            if let Some(bytes) = self.spoil(batch.as_bytes().clone()) {
                return Poll::Ready(Some(bytes));
            }
        }
    }

    /// What the fault makes of a batch.
    fn spoil(&mut self, bytes: Bytes) -> Option<Bytes> {
        let Some(fault) = self.fault else {
            return Some(bytes);
        };
        let is_first = std::mem::replace(&mut self.is_first, false);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let blocks: Vec<&str> = text.split_inclusive("\n\n").collect();
        let is_delivery = text.contains("\ndata: p") || text.starts_with("data: p");
        match fault {
            Fault::CursorMoved | Fault::OffByOneResume | Fault::NonceIgnored
                if is_first && self.pretended.is_some() && text.contains("retry: ") =>
            {
                let id = self.pretended.clone().unwrap_or(EventId::EMPTY);
                Some(Bytes::from(format!("id: {id}\n: ok\n\n")))
            }
            Fault::IdBeforeGap if is_first && text.contains("event: hub.gap") => {
                Some(Bytes::from(format!("id: {}\n{text}", self.position())))
            }
            Fault::Reorder if is_delivery && blocks.len() > 1 && self.dice.one_in(2) => {
                let mut blocks = blocks;
                blocks.swap(0, 1);
                Some(Bytes::from(blocks.concat()))
            }
            Fault::Repeat if is_delivery && self.dice.one_in(10) => {
                self.again.push_back(bytes.clone());
                Some(bytes)
            }
            Fault::Drop if is_delivery && self.dice.one_in(10) => None,
            Fault::GapSwallowed if !is_first && text.contains("event: hub.gap") => None,
            Fault::ShutdownAtHead
                if is_delivery && self.end_reason() == Some(CloseReason::Drain) =>
            {
                None
            }
            Fault::KeepAliveAtHead if text.contains(": keep-alive") => {
                let mut head = self.hub.head();
                head.seq += 1;
                Some(Bytes::from(format!("id: {head}\n: keep-alive\n\n")))
            }
            Fault::MemoryHeld if is_delivery => {
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.push(bytes.clone());
                Some(bytes)
            }
            _ => Some(bytes),
        }
    }
}

/// The id with which a hub that has the fault would be asked.
pub(crate) fn spoil_cursor(fault: Option<Fault>, id: &EventId) -> EventId {
    let Ok(mut position) = id.as_str().parse::<Position>() else {
        return id.clone();
    };
    match fault {
        Some(Fault::NonceIgnored) => position.nonce = 0,
        Some(Fault::OffByOneResume) => {
            (position.seq, position.nonce) = (position.seq + 1, 0);
        }
        _ => return id.clone(),
    }
    position.to_event_id()
}

use std::collections::BTreeSet;

use futures_util::StreamExt;
use sse_client::{ErrorKind, EventSource, EventType, ReconnectState, State};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::order::{Order, Ordered};
use crate::parameters::Plan;
use crate::report::Tell;

/// Reads a stream until nobody can give orders any more.
pub(crate) async fn follow(
    plan: Plan,
    mut orders: UnboundedReceiver<Ordered>,
    tell: UnboundedSender<serde_json::Value>,
) {
    let tell = Tell(tell);
    let mut types = BTreeSet::new();
    let mut resume = plan.resume.clone();
    while let Some(next) = read(plan.event_source(resume), &mut types, &mut orders, &tell).await {
        // The connection went there, and another comes at once.
        resume = next;
    }
}

/// Reads until it is to start again, and returns from where.
async fn read(
    mut events: EventSource,
    types: &mut BTreeSet<EventType>,
    orders: &mut UnboundedReceiver<Ordered>,
    tell: &Tell,
) -> Option<ReconnectState> {
    let mut states = events.state();
    let on_message = tell.clone();
    let on_comment = tell.clone();
    let listeners = events.listeners();
    listeners.on_message(move |received| on_message.event(received));
    listeners.on_comment(move |text| on_comment.comment(text));
    let listen = |event_type: &EventType| {
        let tell = tell.clone();
        listeners.on(event_type.clone(), move |received| tell.event(received));
    };
    types.iter().for_each(listen);
    let mut is_over = false;
    loop {
        tokio::select! {
            result = events.connect(), if !is_over => {
                is_over = true;
                if let Err(cause) = result {
                    tell.error(cause);
                }
            }
            Some(state) = states.next() => match state {
                // A response that has ended is no error.
                State::Waiting { cause, .. } if cause.kind() != ErrorKind::Ended => tell.error(cause),
                _ => {}
            },
            order = orders.recv() => {
                let (order, done) = order?;
                match order {
                    Order::Restart => {
                        let _ = done.send(());
                        return Some(events.resume_state());
                    }
                    // Those without a type are heard anyway.
                    Order::Listen(event_type) if matches!(event_type.as_str(), "" | "message") => {}
                    Order::Listen(event_type) => {
                        if !types.contains(&event_type) {
                            listen(&event_type);
                            types.insert(event_type);
                        }
                    }
                }
                let _ = done.send(());
            }
        }
    }
}

//! Publishers that go on until they are stopped.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use tokio::{task::JoinHandle, time::sleep};

use super::requests::Requests;

/// Publishes numbers, one after another.
#[derive(Debug)]
pub(super) struct Publishing {
    is_over: Arc<AtomicBool>,
    task: JoinHandle<Result<usize>>,
}

/// What is right when a publisher is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is wrong.
    Never,
    /// It ends the publishing, as the server ends.
    AtTheEnd,
}

impl Publishing {
    /// Begins, with a pause after each.
    pub(super) fn begin(address: SocketAddr, pause: Duration, refusal: Refusal) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let task = tokio::spawn(async move {
            let mut requests = Requests::connect(address).await?;
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                match requests.publish(&number.to_string()).await {
                    Ok(answer) if answer.status == 202 => number += 1,
                    _ if refusal == Refusal::AtTheEnd => break,
                    Ok(answer) => {
                        ensure!(answer.status == 202, "publishing was answered {answer:?}");
                    }
                    Err(error) => return Err(error),
                }
                sleep(pause).await;
            }
            Ok(number)
        });
        Self { is_over, task }
    }

    /// Ends it, and returns how many were published.
    pub(super) async fn end(self) -> Result<usize> {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

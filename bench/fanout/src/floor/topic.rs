//! A log and the connections that follow it.

use super::{connection::Connection, log::Log};

#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) log: Log,
    /// Places in the server's table of connections.
    pub(crate) subscribers: Vec<usize>,
}

impl Topic {
    pub(crate) fn new(log: Log) -> Self {
        Self {
            log,
            subscribers: Vec::new(),
        }
    }

    /// Sends what is new to all; one that fails or is too far behind is cut.
    pub(crate) fn flush(&mut self, connections: &mut [Option<Connection>]) {
        let log = &self.log;
        self.subscribers.retain(|&index| {
            let Some(connection) = &mut connections[index] else {
                return true;
            };
            let is_open = connection.catch_up(log).is_ok();
            if !is_open {
                // The place is freed when the loop hears of the end.
                connection.cut();
            }
            is_open
        });
    }

    pub(crate) fn leave(&mut self, index: usize) {
        self.subscribers.retain(|&subscriber| subscriber != index);
    }
}

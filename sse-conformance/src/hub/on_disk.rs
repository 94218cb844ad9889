//! A log in files on a disk that fails, and forgets what a real one may.

use std::{
    fmt,
    future::Future as _,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use sse_hub::{
    Clock, Retention,
    provider::{
        Page, Provider as _, Record,
        file::{File, Simulated, Trouble},
    },
};

use super::{dice::Dice, fault::Fault, world::World};

/// The disk of a run, and the log on it.
pub(super) struct OnDisk {
    disk: Simulated,
    file: Option<File>,
    clock: Clock,
    segment_bytes: u64,
    retention: Retention,
    syncs: Trouble,
}

impl OnDisk {
    pub(super) fn new(dice: &mut Dice, clock: Clock, fault: Option<Fault>) -> Self {
        let retention = Retention::default().any_age().count(usize::MAX);
        let bytes = *dice.pick(&[usize::MAX, usize::MAX, 20_000, 5_000]);
        Self {
            disk: Simulated::new(),
            file: None,
            clock,
            segment_bytes: dice.within(500, 5_000),
            retention: retention.bytes(bytes),
            syncs: match fault {
                Some(Fault::LyingSyncs) => Trouble::LyingSyncs,
                _ => Trouble::None,
            },
        }
    }

    /// Opens the log; what had it open before can do nothing with it any more.
    pub(super) fn open(&mut self) -> File {
        if self.file.take().is_some() {
            self.disk = self.disk.kill();
        }
        self.disk.suffer(self.syncs);
        let options = File::options().clock(self.clock.clone());
        let options = options
            .segment_bytes(self.segment_bytes)
            .retain(self.retention.clone());
        let file = match options.open_storage(Arc::new(self.disk.clone())) {
            Ok(file) => file,
            Err(error) => panic!("the log cannot be opened: {error}"),
        };
        self.file = Some(file.clone());
        file
    }

    pub(super) fn maintain(&self) {
        if let Some(file) = &self.file {
            file.maintain();
        }
    }

    /// All entries.
    pub(super) fn records(&self) -> Vec<Record> {
        let (mut records, mut next) = (Vec::new(), 1);
        while let Some(page) = self.page(next) {
            records.extend(page.records);
            if page.scanned_through < next {
                break;
            }
            next = page.scanned_through + 1;
        }
        records
    }

    fn page(&self, from: u64) -> Option<Page> {
        let read = pin!(self.file.as_ref()?.read(from, 100));
        match read.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(page) => page.ok(),
            Poll::Pending => None,
        }
    }
}

impl fmt::Debug for OnDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDisk").finish_non_exhaustive()
    }
}

impl World {
    /// What happens to disks, and to machines.
    pub(super) fn disturb_disk(&mut self) {
        let Some(on_disk) = &self.on_disk else {
            return;
        };
        let (disk, syncs) = (on_disk.disk.clone(), on_disk.syncs);
        match self.dice.below(24) {
            0 => {
                disk.suffer(Trouble::Full);
                self.publish_some();
                disk.suffer(syncs);
            }
            1 if self.dice.one_in(2) => {
                disk.suffer(Trouble::FailingSyncs);
                self.publish_some();
                // Nothing is taken any more until the log is opened again: by a new process, or by another machine.
                self.crash();
            }
            2 if self.dice.one_in(2) => {
                disk.fail_after(self.dice.below(12));
                self.publish_some();
                self.crash();
            }
            3 if self.dice.one_in(3) => {
                for _ in 0..self.dice.below(4) {
                    self.publish();
                }
                self.crash();
            }
            _ => self.pump(),
        }
    }

    fn publish_some(&mut self) {
        for _ in 0..self.dice.within(1, 4) {
            self.publish();
            if self.dice.one_in(2) {
                self.pump();
            }
        }
        self.pump();
        self.answer_publishers();
    }

    /// The process is killed, or the power fails; then the log is opened again.
    fn crash(&mut self) {
        let power_fails = self.dice.one_in(2);
        let seed = self.dice.next();
        if let Some(on_disk) = &mut self.on_disk {
            let old = &on_disk.disk;
            on_disk.disk = if power_fails {
                old.lose_power(seed)
            } else {
                old.kill()
            };
            on_disk.file = None;
        }
        self.restart();
    }
}

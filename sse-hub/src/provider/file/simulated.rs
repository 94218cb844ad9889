use std::{any::Any, collections::BTreeMap, fmt, io, mem, sync::Arc};

use super::storage::{Storage, StoredFile};
use crate::sync::{Mutex, MutexGuard, lock};

/// A disk in memory that fails on command, and forgets what a real one may: for tests of what is kept on one.
///
/// It knows what was synced and what was only written. When the power fails, what was synced stays, and of the rest
/// any part may: whole sectors of what was written since, and the names up to any moment since.
/// A clone is the same disk.
#[derive(Clone)]
pub struct Simulated {
    disk: Arc<Mutex<State>>,
}

/// What a [`Simulated`] disk does that it should not.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It is full: half of what is written comes to be there, and then the write fails.
    Full,
    /// A sync fails. What it should have brought to the disk never comes there, though it can be read until the power fails.
    FailingSyncs,
    /// A sync does nothing, and says that it did.
    LyingSyncs,
}

#[derive(Clone, Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    /// The names that are certain, and those that came after, one after another.
    synced_names: BTreeMap<String, usize>,
    later_names: Vec<BTreeMap<String, usize>>,
    trouble: Trouble,
    operations: u64,
    syncs: u64,
    fails_at: Option<u64>,
    is_down: bool,
    is_locked: bool,
}

#[derive(Clone, Debug, Default)]
struct Content {
    /// What a reader sees.
    bytes: Vec<u8>,
    synced: Vec<u8>,
    /// What was done since the last sync.
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Size(usize),
}

const SECTOR: usize = 512;

impl Simulated {
    /// Makes an empty disk.
    pub fn new() -> Self {
        Self::of(State::default())
    }

    fn of(state: State) -> Self {
        Self {
            disk: Arc::new(Mutex::new(state)),
        }
    }

    /// Lets it misbehave from now on, or cease to.
    pub fn suffer(&self, trouble: Trouble) {
        lock(&self.disk).trouble = trouble;
    }

    /// Lets every write, sync and change of names fail once so many more of them were done, as if the power had gone.
    pub fn fail_after(&self, operations: u64) {
        let mut state = lock(&self.disk);
        state.fails_at = Some(state.operations + operations);
    }

    /// How many writes, syncs and changes of names there were.
    pub fn operations(&self) -> u64 {
        lock(&self.disk).operations
    }

    /// How many syncs of files there were.
    pub fn syncs(&self) -> u64 {
        lock(&self.disk).syncs
    }

    /// The same disk after the process is gone: what was written is there. Whoever has the old one can do nothing with it.
    #[must_use = "the old disk is gone"]
    pub fn kill(&self) -> Self {
        let mut state = lock(&self.disk);
        state.is_down = true;
        Self::of(State {
            trouble: Trouble::None,
            operations: 0,
            fails_at: None,
            is_down: false,
            is_locked: false,
            ..state.clone()
        })
    }

    /// The same disk after the machine is gone: what was synced is there, and of the rest what the seed decides.
    #[must_use = "the old disk is gone"]
    pub fn lose_power(&self, seed: u64) -> Self {
        let mut state = lock(&self.disk);
        state.is_down = true;
        let mut dice = Dice(seed);
        let moment = dice.below(state.later_names.len() + 1);
        let names = match moment.checked_sub(1) {
            Some(index) => state.later_names[index].clone(),
            None => state.synced_names.clone(),
        };
        let files = state.files.iter().map(|file| {
            let bytes = file.torn(&mut dice);
            Content {
                synced: bytes.clone(),
                bytes,
                changes: Vec::new(),
            }
        });
        Self::of(State {
            files: files.collect(),
            synced_names: names.clone(),
            names,
            ..State::default()
        })
    }

    fn file(&self, id: usize) -> Arc<dyn StoredFile> {
        let disk = self.clone();
        Arc::new(SimulatedFile { disk, id })
    }

    /// Begins something that changes what is there.
    fn change(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = lock(&self.disk);
        state.operations += 1;
        if state.fails_at.is_some_and(|at| state.operations > at) {
            state.is_down = true;
        }
        if state.is_down {
            Err(gone())
        } else {
            Ok(state)
        }
    }

    fn look(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = lock(&self.disk);
        if state.is_down {
            Err(gone())
        } else {
            Ok(state)
        }
    }
}

impl Default for Simulated {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated").finish_non_exhaustive()
    }
}

impl State {
    fn rename_all(&mut self, change: impl FnOnce(&mut BTreeMap<String, usize>)) {
        change(&mut self.names);
        self.later_names.push(self.names.clone());
    }
}

impl Content {
    fn apply(bytes: &mut Vec<u8>, change: &Change) {
        match change {
            Change::Write(offset, written) => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(written);
            }
            Change::Size(size) => bytes.resize(*size, 0),
        }
    }

    /// What is on the disk when the power fails: of what was not synced, nothing, all, a beginning, or any sectors.
    fn torn(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        let how = dice.below(4);
        let changes = match how {
            0 => 0,
            2 => dice.below(self.changes.len() + 1),
            _ => self.changes.len(),
        };
        for change in &self.changes[..changes] {
            match change {
                Change::Write(offset, written) if how == 3 => {
                    let mut from = 0;
                    while from < written.len() {
                        let within = (offset + from) % SECTOR;
                        let to = (from + SECTOR - within).min(written.len());
                        if dice.below(2) == 0 {
                            let sector = Change::Write(offset + from, written[from..to].to_vec());
                            Self::apply(&mut bytes, &sector);
                        }
                        from = to;
                    }
                }
                _ => Self::apply(&mut bytes, change),
            }
        }
        bytes
    }
}

/// A generator as small as they come.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % count as u64).unwrap_or(0)
    }
}

/// Says that the lock is free again.
struct Guard(Simulated);

impl Drop for Guard {
    fn drop(&mut self) {
        lock(&self.0.disk).is_locked = false;
    }
}

impl Storage for Simulated {
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut state = self.look()?;
        if mem::replace(&mut state.is_locked, true) {
            return Ok(None);
        }
        Ok(Some(Box::new(Guard(self.clone()))))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.look()?.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let mut state = self.change()?;
        let id = state.files.len();
        state.files.push(Content::default());
        state.rename_all(|names| {
            names.insert(name.to_owned(), id);
        });
        Ok(self.file(id))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let id = self.look()?.names.get(name).copied();
        id.map(|id| self.file(id)).ok_or_else(missing)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.change()?;
        let id = *state.names.get(from).ok_or_else(missing)?;
        state.rename_all(|names| {
            names.remove(from);
            names.insert(to.to_owned(), id);
        });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.change()?;
        if !state.names.contains_key(name) {
            return Err(missing());
        }
        state.rename_all(|names| {
            names.remove(name);
        });
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.change()?;
        match state.trouble {
            Trouble::FailingSyncs => Err(failed()),
            Trouble::LyingSyncs => Ok(()),
            Trouble::None | Trouble::Full => {
                state.synced_names = state.names.clone();
                state.later_names.clear();
                Ok(())
            }
        }
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: Simulated,
    id: usize,
}

impl StoredFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.look()?.files[self.id].bytes.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.look()?;
        let bytes = &state.files[self.id].bytes;
        let from = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let count = buffer.len().min(bytes.len() - from);
        buffer[..count].copy_from_slice(&bytes[from..from + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.change()?;
        let is_full = state.trouble == Trouble::Full;
        let fits = if is_full {
            bytes.len() / 2
        } else {
            bytes.len()
        };
        let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let change = Change::Write(offset, bytes[..fits].to_vec());
        let file = &mut state.files[self.id];
        Content::apply(&mut file.bytes, &change);
        file.changes.push(change);
        if is_full {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        let mut state = self.disk.change()?;
        let change = Change::Size(usize::try_from(size).map_err(|_| io::ErrorKind::FileTooLarge)?);
        let file = &mut state.files[self.id];
        Content::apply(&mut file.bytes, &change);
        file.changes.push(change);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.change()?;
        state.syncs += 1;
        let trouble = state.trouble;
        let file = &mut state.files[self.id];
        match trouble {
            Trouble::LyingSyncs => Ok(()),
            Trouble::FailingSyncs => {
                file.changes.clear();
                Err(failed())
            }
            Trouble::None | Trouble::Full => {
                // What an earlier sync has given up is not tried again.
                for change in file.changes.drain(..) {
                    Content::apply(&mut file.synced, &change);
                }
                Ok(())
            }
        }
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn gone() -> io::Error {
    io::Error::other("the power is gone")
}

fn failed() -> io::Error {
    io::Error::other("an input or output error")
}

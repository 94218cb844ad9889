//! How much may be copied out of Lua: copies lie outside of what the state itself may hold.

use std::cell::Cell;

use mlua::{Error, Lua, Result};

/// The bytes that one call may still bring out of Lua. What is shared there is paid for with every copy.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: Cell<usize>,
}

/// The bytes that a state may hold; zero is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MemoryLimit(pub(crate) usize);

impl MemoryLimit {
    /// Returns the limit that was set for a state.
    pub(crate) fn of(lua: &Lua) -> Self {
        lua.app_data_ref().map_or(DEFAULT, |limit| *limit)
    }
}

impl Allowance {
    /// Returns what a call may copy: a quarter of what the state may hold.
    pub(crate) fn of(lua: &Lua) -> Self {
        let left = match MemoryLimit::of(lua) {
            MemoryLimit(0) => usize::MAX,
            MemoryLimit(bytes) => bytes / PART,
        };
        Self {
            left: Cell::new(left),
        }
    }

    /// Pays for a copy before it is made.
    ///
    /// # Errors
    /// If no more may be copied.
    pub(crate) fn take(&self, bytes: usize) -> Result<()> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => return Err(Error::runtime("what was returned is too large to be kept")),
        }
        Ok(())
    }
}

/// Few calls are copied out of at a time, and few of them so much.
const PART: usize = 4;

/// For a state that was made without a limit being said.
const DEFAULT: MemoryLimit = MemoryLimit(256 << 20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_may_copy_a_quarter_of_what_the_state_may_hold() {
        let lua = Lua::new();
        assert_eq!(MemoryLimit::of(&lua), DEFAULT);
        for (limit, fits) in [(400, 100), (0, usize::MAX)] {
            lua.set_app_data(MemoryLimit(limit));
            let allowance = Allowance::of(&lua);
            allowance.take(fits - 1).unwrap();
            allowance.take(1).unwrap();
            assert!(allowance.take(1).is_err(), "{limit}");
        }
    }
}

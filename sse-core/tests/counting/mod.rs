use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// The system's allocator, which counts what each thread asks for.
pub(crate) struct Counting;

/// What a piece of code asked the allocator for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Calls that may give out new memory.
    pub(crate) allocations: usize,
    /// Bytes asked for, those of a reallocation in full: an upper bound of what was moved.
    pub(crate) bytes: usize,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { allocations: 0, bytes: 0 }) };
}

/// Runs `code` and tells what this thread asked the allocator for meanwhile.
pub(crate) fn count<T>(code: impl FnOnce() -> T) -> (Count, T) {
    let before = COUNT.get();
    let result = code();
    let after = COUNT.get();
    let count = Count {
        allocations: after.allocations - before.allocations,
        bytes: after.bytes - before.bytes,
    };
    (count, result)
}

fn add(bytes: usize) {
    // The slot is gone when the thread ends; nothing is counted then.
    let _ = COUNT.try_with(|count| {
        let Count {
            allocations,
            bytes: before,
        } = count.get();
        count.set(Count {
            allocations: allocations + 1,
            bytes: before + bytes,
        });
    });
}

// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

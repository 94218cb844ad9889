#![forbid(unsafe_code)]
//! Counts allocations, in a process of its own so that counting never slows a timed run.

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn main() {
    bench::heap::report();
}

//! Counting allocations of a peer, if it is built for that.

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// Allocations and reallocations of this process so far, as the text of `GET /allocations`.
#[cfg(feature = "count-allocations")]
pub fn count() -> Option<String> {
    let stats = ALLOCATOR.stats();
    Some((stats.allocations + stats.reallocations).to_string())
}

/// Nothing: this build does not count.
#[cfg(not(feature = "count-allocations"))]
pub fn count() -> Option<String> {
    None
}

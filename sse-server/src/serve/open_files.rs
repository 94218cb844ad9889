//! How many connections the process can hold.

/// Raises the limit on open files as far as it goes, and returns how many connections it leaves room for.
pub(super) fn room() -> usize {
    let files = raised().unwrap_or(FILES_WHERE_NOBODY_SAYS);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    (files / 10).saturating_mul(9).clamp(1, MOST)
}

/// Some systems have no limit at all.
const MOST: usize = 1_000_000;

const FILES_WHERE_NOBODY_SAYS: u64 = 1024;

#[cfg(unix)]
fn raised() -> Option<u64> {
    match rlimit::increase_nofile_limit(MOST as u64) {
        Ok(files) => Some(files),
        Err(error) => {
            tracing::warn!(%error, "the limit on open files cannot be raised");
            rlimit::getrlimit(rlimit::Resource::NOFILE)
                .ok()
                .map(|(soft, _)| soft)
        }
    }
}

#[cfg(not(unix))]
fn raised() -> Option<u64> {
    Some(MOST as u64)
}

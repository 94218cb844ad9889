use std::{any::Any, fmt, io, sync::Arc};

/// Where the files of one log lie: a directory without directories in it.
///
/// All that the log does to a disk goes through this, so that tests can put [`Simulated`](super::Simulated) in the place of [`Disk`](super::Disk).
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// Keeps all others out for as long as the returned value lives; `None` if another has it.
    ///
    /// # Errors
    /// It cannot be known.
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;

    /// Lists the names of the files.
    ///
    /// # Errors
    /// The directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file, in place of one of this name if there is one.
    ///
    /// # Errors
    /// It cannot be made.
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// It is not there, or cannot be opened.
    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;

    /// Gives a file another name, in place of the file that had it.
    ///
    /// # Errors
    /// The name stays.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; who has it open can go on reading.
    ///
    /// # Errors
    /// It stays.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Returns once the names themselves survive a crash of the machine.
    ///
    /// # Errors
    /// It is not known whether they do.
    fn sync_names(&self) -> io::Result<()>;
}

/// One open file.
pub trait StoredFile: fmt::Debug + Send + Sync + 'static {
    /// Returns the length in bytes.
    ///
    /// # Errors
    /// It cannot be known.
    fn size(&self) -> io::Result<u64>;

    /// Reads at an offset; fewer bytes than there is room for may come, and none only at the end.
    ///
    /// # Errors
    /// It cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of these bytes at an offset.
    ///
    /// # Errors
    /// Not all were written; some may have been.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file, or fills it up with zeros.
    ///
    /// # Errors
    /// The length stays.
    fn set_size(&self, size: u64) -> io::Result<()>;

    /// Returns once what was written survives a crash of the machine.
    ///
    /// # Errors
    /// It is not known whether it does.
    fn sync(&self) -> io::Result<()>;
}

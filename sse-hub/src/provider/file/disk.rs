use std::{
    any::Any,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::PathBuf,
    sync::Arc,
};

use super::storage::{Storage, StoredFile};

/// A directory of the file system.
#[derive(Clone, Debug)]
pub struct Disk {
    directory: PathBuf,
}

/// The file that is locked; it stays empty.
const LOCK: &str = "lock";

impl Disk {
    /// Names the directory, which is made when it is first written to.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Makes the directory, and the name of it as well survives.
    fn make(&self) -> io::Result<()> {
        if self.directory.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&self.directory)?;
        match self.directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent.into()),
            _ => sync_directory(".".into()),
        }
    }
}

impl Storage for Disk {
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.make()?;
        let mut how = OpenOptions::new();
        let file = how
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let mut how = OpenOptions::new();
        let how = how.create(true).truncate(true).read(true).write(true);
        Ok(Arc::new(DiskFile(how.open(self.path(name))?)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let path = self.path(name);
        let file = OpenOptions::new().read(true).write(true).open(&path);
        // Whoever only looks may not be allowed to write.
        let file = match file {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(&path),
            other => other,
        };
        Ok(Arc::new(DiskFile(file?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_directory(self.directory.clone())
    }
}

#[cfg(unix)]
fn sync_directory(directory: PathBuf) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened, and names are as safe as the file system makes them.
#[cfg(not(unix))]
fn sync_directory(_directory: PathBuf) -> io::Result<()> {
    Ok(())
}

#[derive(Debug)]
struct DiskFile(File);

impl StoredFile for DiskFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.0, buffer, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = std::os::windows::fs::FileExt::seek_write(&self.0, bytes, offset)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
            offset += written as u64;
        }
        Ok(())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

//! A log on a disk that can be looked at, and spoiled.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use sse_hub::{
    Ack, Clock, Draft, Event, Retention,
    provider::{
        AppendError, Appended, Provider, Record, Tail, TailItem,
        file::{File, Options, Simulated, Storage},
    },
};

pub(crate) const UNIX: u64 = 1_700_000_000_000;

/// Options of a log that does nothing by itself.
pub(crate) fn options() -> Options {
    let clock = Clock::manual();
    clock.set_unix_millis(UNIX);
    let retention = Retention::default().count(usize::MAX).any_age();
    File::options().clock(clock).retain(retention)
}

pub(crate) fn open(disk: &Simulated) -> File {
    options().open_storage(Arc::new(disk.clone())).unwrap()
}

/// What a future gives that waits for nobody.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

pub(crate) type Answers = Vec<Result<Appended, AppendError>>;

pub(crate) fn append(file: &File, drafts: Vec<Draft>) -> Answers {
    let mut appending = file.append(drafts, Ack::Durable);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(appending.as_mut().poll(&mut cx).is_pending());
    file.maintain();
    now(appending)
}

pub(crate) fn put(file: &File, data: &str) -> Appended {
    append(file, vec![draft(data)]).remove(0).unwrap()
}

pub(crate) fn draft(data: &str) -> Draft {
    Draft::new("a", Event::new(data.to_owned())).unwrap()
}

/// All entries, page by page.
pub(crate) fn records(file: &File) -> Vec<Record> {
    let (mut records, mut next) = (Vec::new(), 1);
    loop {
        let page = now(file.read(next, 3)).unwrap();
        records.extend(page.records);
        if page.scanned_through < next {
            return records;
        }
        next = page.scanned_through + 1;
    }
}

pub(crate) fn data(file: &File) -> Vec<String> {
    let data = |record: Record| record.draft.event.data.unwrap_or_default().to_string();
    records(file).into_iter().map(data).collect()
}

/// What a tail has to tell.
pub(crate) fn items(file: &File) -> Vec<TailItem> {
    drain(&mut file.tail(file.status().head))
}

/// What a tail has to tell by now.
pub(crate) fn drain(tail: &mut Tail) -> Vec<TailItem> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    while let Poll::Ready(Some(item)) = tail.as_mut().poll_next(&mut cx) {
        items.push(item);
    }
    items
}

pub(crate) fn content(disk: &Simulated, name: &str) -> Vec<u8> {
    let file = disk.open(name).unwrap();
    let mut bytes = vec![0; usize::try_from(file.size().unwrap()).unwrap()];
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
    bytes
}

pub(crate) fn overwrite(disk: &Simulated, name: &str, bytes: &[u8]) {
    let file = disk.open(name).unwrap();
    file.set_size(bytes.len() as u64).unwrap();
    file.write_at(bytes, 0).unwrap();
    file.sync().unwrap();
}

pub(crate) fn segments(disk: &Simulated) -> Vec<String> {
    let names = disk.list().unwrap().into_iter();
    names
        .filter(|name| name.strip_suffix(".log").is_some())
        .collect()
}

pub(crate) fn clear(file: &File, topic: &str) {
    let mut clearing = file.clear(topic.try_into().unwrap());
    file.maintain();
    now(clearing.as_mut()).unwrap();
}

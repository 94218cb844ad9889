use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use sse_client::{EventType, Limit, Limits, Listener, MemoryTransport, Oversized, Reply};

use crate::scene::source;

#[tokio::test(start_paused = true)]
async fn each_callback_gets_what_it_listens_to() {
    let wire = "data: 1\n\nevent: message\ndata: 2\n\nevent\ndata: 3\n\nevent: tick\ndata: 4\n\n\
        event: ticks\ndata: 5\n\n:6\n\nid: 7\n\ndata: 01234567890123456789\n\n";
    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire));
    let mut events = source(&transport)
        .comments()
        .limits(Limits::DEFAULT.checked(Limit::Line, 20).unwrap())
        .on_oversized(Oversized::Skip);
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = |who: &'static str| {
        let heard = Arc::clone(&heard);
        move |what: &str| heard.lock().unwrap().push(format!("{who} {what}"))
    };
    let listeners = events.listeners();
    let hear = note("message");
    listeners.on_message(move |event| hear(event.data()));
    let hear = note("tick");
    listeners.on(EventType::from_static("tick"), move |event| {
        hear(event.data());
    });
    let hear = note("named message");
    listeners.on(EventType::from_static("message"), move |event| {
        hear(event.data());
    });
    let hear = note("any");
    listeners.on_any(move |event| hear(event.data()));
    listeners.on_comment(note("comment"));
    let hear = note("error");
    listeners.on_error(move |error| hear(&format!("{:?}", error.kind())));
    events.connect().await.unwrap();
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "message 1",
            "named message 1",
            "any 1",
            "message 2",
            "named message 2",
            "any 2",
            "message 3",
            "named message 3",
            "any 3",
            "tick 4",
            "any 4",
            "any 5",
            "comment 6",
            "error Decode",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn callbacks_add_and_remove_callbacks() {
    let transport =
        MemoryTransport::new().reply(Reply::events().chunk("data: 1\n\ndata: 2\n\ndata: 3\n\n"));
    let mut events = source(&transport);
    let listeners = events.listeners();
    let (once, added) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let own: Arc<OnceLock<Listener>> = Arc::default();
    let handle = listeners.on_message({
        let (own, once, added) = (Arc::clone(&own), Arc::clone(&once), Arc::clone(&added));
        let listeners = listeners.clone();
        move |_| {
            once.fetch_add(1, Ordering::SeqCst);
            own.get().unwrap().remove();
            let added = Arc::clone(&added);
            listeners.on_message(move |_| {
                added.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    own.set(handle).unwrap();
    // What comes later in the same round can be removed, too.
    let victim = Arc::new(AtomicUsize::new(0));
    let handles: Arc<Mutex<Vec<Listener>>> = Arc::default();
    listeners.on_message({
        let handles = Arc::clone(&handles);
        move |_| handles.lock().unwrap().iter().for_each(Listener::remove)
    });
    let handle = listeners.on_message({
        let victim = Arc::clone(&victim);
        move |_| {
            victim.fetch_add(1, Ordering::SeqCst);
        }
    });
    handles.lock().unwrap().push(handle);
    events.connect().await.unwrap();
    assert_eq!(once.load(Ordering::SeqCst), 1);
    assert_eq!(added.load(Ordering::SeqCst), 2, "from the event after");
    assert_eq!(victim.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_is_dropped_and_what_was_not_stays() {
    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: 1\n\n"));
    let mut events = source(&transport);
    let listeners = events.listeners();
    let held = Arc::new(());
    let listen = |held: &Arc<()>| {
        let held = Arc::clone(held);
        listeners.on_any(move |_| drop(Arc::clone(&held)))
    };
    listen(&held).remove();
    assert_eq!(Arc::strong_count(&held), 1);
    drop(listen(&held));
    events.connect().await.unwrap();
    assert_eq!(Arc::strong_count(&held), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_stays_of_callbacks_that_hold_what_holds_them() {
    let held = Arc::new(());
    let mut events = source(&MemoryTransport::new());
    let listeners = events.listeners();
    let own: Arc<OnceLock<Listener>> = Arc::default();
    let handle = listeners.on_any({
        let captured = (Arc::clone(&held), listeners.clone(), Arc::clone(&own));
        move |_| drop(captured.clone())
    });
    own.set(handle.clone()).unwrap();
    events.connect().await.unwrap();
    assert_eq!(Arc::strong_count(&held), 2);
    drop(events);
    assert_eq!(Arc::strong_count(&held), 1);
    // Nothing calls it any more, and nothing would drop it.
    let captured = (Arc::clone(&held), listeners.clone());
    listeners.on_any(move |_| drop(captured.clone())).remove();
    let captured = (Arc::clone(&held), listeners.clone());
    let late = listeners.on_any(move |_| drop(captured.clone()));
    assert_eq!(Arc::strong_count(&held), 1);
    late.remove();
    handle.remove();
}

#[tokio::test(start_paused = true)]
async fn removing_from_another_thread_does_not_wait_and_no_other_call_follows() {
    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: 1\n\ndata: 2\n\n"));
    let mut events = source(&transport);
    let calls = Arc::new(AtomicUsize::new(0));
    let own: Arc<OnceLock<Listener>> = Arc::default();
    let handle = events.listeners().on_any({
        let (calls, own) = (Arc::clone(&calls), Arc::clone(&own));
        move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
            let handle = own.get().unwrap().clone();
            // It ends while this runs.
            std::thread::spawn(move || handle.remove()).join().unwrap();
        }
    });
    own.set(handle).unwrap();
    events.connect().await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_callback_can_close() {
    let transport =
        MemoryTransport::new().reply(Reply::events().chunk("data: 1\n\ndata: 2\n\n").hang());
    let mut events = source(&transport);
    let closer = events.closer();
    let calls = Arc::new(AtomicUsize::new(0));
    events.listeners().on_any({
        let calls = Arc::clone(&calls);
        move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
            closer.close_with("enough");
        }
    });
    assert!(events.connect().await.is_err());
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

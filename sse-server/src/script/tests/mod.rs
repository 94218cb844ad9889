//! What hooks do, through the handle that the server uses.

mod connections;
mod copies;
mod held;
mod hooks;
mod hostile;
mod isolation;
mod reload;
mod waiting;

use std::{
    fmt::Write as _,
    fs,
    sync::{Arc, Mutex},
};

use bytestring::ByteString;
use sse_core::Event;
use tempfile::NamedTempFile;

use crate::script::{
    AddressTable, BoxFuture, CliTable, Connection, HookError, Host, HostPublished, MessageTable,
    Publication, PublishVerdict, RequestTable, Routing, Script, ScriptConfig, SubscribeVerdict,
    Subscriber,
};

/// A script in a file, and a host that keeps what it publishes.
struct Bench {
    file: NamedTempFile,
    script: Script,
    host: Arc<Log>,
}

impl Bench {
    async fn new(text: &str) -> Self {
        Self::with(text, |config| config).await
    }

    async fn with(text: &str, set: impl FnOnce(ScriptConfig) -> ScriptConfig) -> Self {
        let file = NamedTempFile::new().unwrap();
        fs::write(&file, text).unwrap();
        let host = Arc::new(Log::default());
        let config = set(ScriptConfig::new(file.path()));
        let started = Script::start(config, Arc::clone(&host) as Arc<dyn Host>).await;
        let script = started.unwrap();
        Self { file, script, host }
    }

    async fn started(text: &str) -> Self {
        let bench = Self::new(text).await;
        bench.script.startup(CliTable::new()).await.unwrap();
        bench
    }

    fn rewrite(&self, text: &str) {
        fs::write(&self.file, text).unwrap();
    }

    async fn publish(&self, event: Event) -> Result<PublishVerdict, HookError> {
        self.script.publish(request("p"), event.into()).await
    }

    async fn accepted(&self, event: Event) -> Publication {
        match self.publish(event).await {
            Ok(PublishVerdict::Accept { publication, .. }) => publication,
            other => panic!("{other:?}"),
        }
    }

    async fn subscribe(&self, id: &str) -> Subscriber {
        match self.script.subscribe(request(id)).await {
            Ok(SubscribeVerdict::Accept { subscriber, .. }) => subscriber,
            other => panic!("{other:?}"),
        }
    }

    async fn catchup(&self, subscriber: &Subscriber, id: Option<&str>) -> Vec<MessageTable> {
        let messages = self.script.catchup(subscriber, id.map(str::to_owned));
        messages.await.unwrap()
    }

    /// Publishes an event and returns what one subscriber gets of it.
    async fn deliver(&self, event: Event, to: &Subscriber) -> Result<Option<String>, HookError> {
        let publication = self.accepted(event).await;
        let mut answers = self.script.message(vec![publication], to).await;
        assert_eq!(answers.len(), 1);
        answers.remove(0).map(|message| message.map(wire))
    }

    /// What the script published, in order.
    fn published(&self) -> Vec<String> {
        self.host.0.lock().unwrap().clone()
    }

    /// Waits until the script has published that many, and returns them.
    async fn until_published(&self, count: usize) -> Vec<String> {
        until(|| self.published().len() >= count).await;
        self.published()
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Host for Log {
    fn publish(
        &self,
        publication: Publication,
        _: Routing,
    ) -> BoxFuture<Result<HostPublished, String>> {
        let mut log = self.0.lock().unwrap();
        let data = publication.message().data.clone();
        log.push(data.unwrap_or_default().to_string());
        let id = log.len().to_string();
        Box::pin(async move { Ok(HostPublished { id, subscribers: 0 }) })
    }

    fn subscribers(&self, _: Option<String>) -> BoxFuture<Result<Vec<Connection>, String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn count(&self, _: Option<String>) -> BoxFuture<Result<usize, String>> {
        Box::pin(async { Ok(0) })
    }

    fn disconnect(&self, _: String, _: Option<u64>) -> BoxFuture<bool> {
        Box::pin(async { false })
    }
}

fn request(id: &str) -> RequestTable {
    RequestTable {
        id: id.into(),
        method: "GET".into(),
        uri: "/sse?a=1".into(),
        path: "/sse".into(),
        query: "a=1".into(),
        address: Some(AddressTable {
            ip: "127.0.0.1".into(),
            port: 4711,
        }),
        remote: Some("192.0.2.1".into()),
        headers: vec![("x-name".into(), ByteString::from("ann"))],
    }
}

fn wire(message: MessageTable) -> String {
    Event::from(message).encode().as_str().to_owned()
}

fn verdict(verdict: Result<PublishVerdict, HookError>) -> String {
    match verdict {
        Ok(PublishVerdict::Accept {
            publication,
            routing,
            ..
        }) => {
            let mut text = wire(publication.message().clone());
            if routing != Routing::default() {
                let _ = write!(text, "{routing:?}");
            }
            text
        }
        Ok(PublishVerdict::Reject) => "rejected".to_owned(),
        Ok(PublishVerdict::Answer(answer)) => format!("{answer:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

async fn until(condition: impl Fn() -> bool) {
    let passed = async {
        while !condition() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, passed)
        .await
        .expect("it comes true");
}

//! A headless Chromium behind its driver.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::sleep;
use url::{ParseError, Url};

use crate::group::Group;
use crate::workspace;

/// A browser with a profile of its own; driver, browser and profile are gone when it is closed or dropped.
#[derive(Debug)]
pub(crate) struct Chromium {
    client: Client,
    profile: PathBuf,
    // Dropped last: it kills what is still there.
    _driver: Group,
}

impl Chromium {
    /// Starts the driver on a free port and a browser with it.
    ///
    /// # Errors
    ///
    /// One of them does not start.
    pub(crate) async fn start(browser: &Path, driver: &Path) -> Result<Self> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let profile = format!("{}-{number}", std::process::id());
        let profile = workspace::scratch("browser")?.join(profile);
        let mut command = Command::new(driver);
        command.arg("--port=0").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = Group::spawn(&mut command).context("chromedriver")?;
        let output = driver.stdout.take().context("chromedriver's output")?;
        let port = read_port(BufReader::new(output))?;
        let switches = SWITCHES.iter().map(|&switch| switch.to_owned());
        let own = format!("--user-data-dir={}", profile.display());
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": { "binary": browser, "args": switches.chain([own]).collect::<Vec<_>>() },
            "goog:loggingPrefs": { "browser": "ALL" },
        }) else {
            bail!("capabilities are an object");
        };
        let url = format!("http://127.0.0.1:{port}");
        let client =
            Client::with_capabilities_and_connector(&url, &capabilities, HttpConnector::new())
                .await
                .context("a browser session")?;
        Ok(Self {
            client,
            profile,
            _driver: driver,
        })
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| url.to_owned())
    }

    /// Makes the page so wide, and light or dark as the person at it likes.
    pub(crate) async fn view(&self, width: u32, scheme: &str) -> Result<()> {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size)
            .await?;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &media).await
    }

    /// The value of an expression in the page.
    pub(crate) async fn value(&self, expression: &str) -> Result<Value> {
        let script = format!("return ({expression});");
        self.client
            .execute(&script, Vec::new())
            .await
            .with_context(|| expression.to_owned())
    }

    /// What the body of an asynchronous function returns in the page.
    pub(crate) async fn call(&self, body: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {body} }})().then(done, (e) => done(String(e)));"
        );
        Ok(self.client.execute_async(&script, Vec::new()).await?)
    }

    /// Waits until an expression in the page is true.
    ///
    /// # Errors
    ///
    /// It is not within the time.
    pub(crate) async fn wait_for(&self, expression: &str, at_most: Duration) -> Result<()> {
        let start = Instant::now();
        while self.value(expression).await? != Value::Bool(true) {
            if start.elapsed() > at_most {
                bail!("not within {at_most:?}: {expression}");
            }
            sleep(Duration::from_millis(25)).await;
        }
        Ok(())
    }

    /// What the console got since it was asked last, warnings and errors only.
    pub(crate) async fn complaints(&self) -> Result<Vec<String>> {
        let entries = self.issue("se/log", json!({ "type": "browser" })).await?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let serious = entries.iter().filter(|entry| {
            let level = entry["level"].as_str();
            matches!(level, Some("WARNING" | "SEVERE"))
        });
        Ok(serious.map(|entry| entry["message"].to_string()).collect())
    }

    /// Writes what the page looks like to a file.
    pub(crate) async fn screenshot(&self, file: &Path) -> Result<()> {
        let image = self.client.screenshot().await?;
        fs::write(file, image).with_context(|| file.display().to_string())
    }

    /// Ends the session, and with it the browser.
    pub(crate) async fn close(self) -> Result<()> {
        let closed = self.client.close().await;
        let _ = fs::remove_dir_all(&self.profile);
        closed.context("closing the browser")
    }

    async fn devtools(&self, command: &str, parameters: &Value) -> Result<()> {
        let body = json!({ "cmd": command, "params": parameters });
        self.issue("goog/cdp/execute", body).await.map(drop)
    }

    async fn issue(&self, path: &'static str, body: Value) -> Result<Value> {
        let extension = Extension { path, body };
        self.client.issue_cmd(extension).await.context(path)
    }
}

/// A command that only this driver has.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Reads the port that the driver chose from what it prints, and leaves the rest to a thread, so that it never blocks.
fn read_port(mut output: impl BufRead + Send + 'static) -> Result<u16> {
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim().trim_end_matches('.').parse()?;
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
            return Ok(port);
        }
        line.clear();
    }
    bail!("chromedriver ended before it said its port")
}

/// How many were started; each has a profile of its own.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Without sandbox and graphics card it runs anywhere, and the rest keeps it from asking the network for anything.
const SWITCHES: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
];

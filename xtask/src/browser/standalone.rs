//! What a page sees of `sse-server --ids hub`: events, a resumption behind a cut, and a gap where history was lost.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::chromium::Chromium;
use super::cut::Cut;
use crate::contract;
use crate::examples::Server;
use crate::report::Report;
use crate::workspace;

/// Leads the browser through all of it; one test.
pub(crate) async fn run(chromium: &Chromium) -> Result<Report> {
    let mut report = Report::new();
    match look(chromium).await {
        Ok(()) => report.pass(),
        Err(error) => report.fail(format!("sse-server --ids hub: {error:#}")),
    }
    Ok(report)
}

async fn look(chromium: &Chromium) -> Result<()> {
    let (first, address) = serve().await?;
    let network = Cut::to(address).await?;
    chromium.view(800, "light").await?;
    chromium.complaints().await?;
    chromium
        .open(&format!("http://{}/", network.address))
        .await?;
    state(chromium, "open").await?;
    publish(address, "before the cut").await?;
    list(chromium, &json!(["before the cut"])).await?;

    network.cut();
    state(chromium, "reconnecting").await?;
    publish(address, "while it was cut").await?;
    network.lead_to(address);
    state(chromium, "open").await?;
    publish(address, "after the cut").await?;
    let resumed = json!(["before the cut", "while it was cut", "after the cut"]);
    list(chromium, &resumed).await?;

    // What was in memory is gone with the process.
    network.cut();
    state(chromium, "reconnecting").await?;
    drop(first);
    let (_second, address) = serve().await?;
    network.lead_to(address);
    state(chromium, "open").await?;
    publish(address, "after history was lost").await?;
    let mut all = resumed;
    if let Value::Array(all) = &mut all {
        all.push("Some events are missing (epoch).".into());
        all.push("after history was lost".into());
    }
    list(chromium, &all).await?;
    let screenshots = workspace::root().join("target/screenshots");
    fs::create_dir_all(&screenshots)?;
    let screenshot = screenshots.join("sse-server.png");
    chromium.screenshot(&screenshot).await?;
    let ids = "new Set([...$('list').querySelectorAll('code')].map((it) => it.textContent)).size";
    ensure!(
        chromium.value(ids).await? == 5,
        "not every event has an id of its own"
    );
    chromium.open("about:blank").await
}

/// Starts the server with the page on a port that was free a moment ago.
async fn serve() -> Result<(Server, SocketAddr)> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let page = workspace::scratch("browser")?.join("standalone");
    fs::create_dir_all(&page)?;
    fs::write(page.join("index.html"), include_str!("standalone.html"))?;
    let mut command = Command::new(contract::build()?);
    command.args(["--ids", "hub", "--listen", &address.to_string()]);
    command.arg("--serve-static-dir").arg(page);
    let server = Server::spawn("sse-server", &mut command)?;
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        ensure!(start.elapsed() < SOON, "the server does not listen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok((server, address))
}

async fn publish(address: SocketAddr, data: &str) -> Result<()> {
    let body = json!({ "data": data }).to_string();
    let request = http::Request::post(format!("http://{address}/sse"))
        .header("content-type", "application/json")
        .body(body)?;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
    let answer = client.build_http::<String>().request(request).await?;
    ensure!(answer.status() == 202, "publishing is answered {answer:?}");
    Ok(())
}

async fn state(chromium: &Chromium, word: &str) -> Result<()> {
    let is_so = format!("$('state').textContent === '{word}'");
    chromium.wait_for(&is_so, SOON).await
}

/// Waits until the page shows just this.
async fn list(chromium: &Chromium, expected: &Value) -> Result<()> {
    let shown = "[...$('list').children].map((it) => it.firstChild.textContent)";
    let is_so = format!(
        "JSON.stringify({shown}) === {}",
        Value::from(expected.to_string())
    );
    if chromium.wait_for(&is_so, SOON).await.is_ok() {
        return Ok(());
    }
    let shown = chromium.value(shown).await.context("the page")?;
    ensure!(shown == *expected, "the page shows {shown}, not {expected}");
    Ok(())
}

/// Long enough for what happens within seconds, on a machine that is busy.
const SOON: Duration = Duration::from_secs(30);

//! What a person sees of the examples.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::chromium::Chromium;
use crate::examples::{PAGES, Server, UPSTREAM};
use crate::report::Report;
use crate::workspace;

/// Looks at the page of every example that has one, on a phone and on a desk; each is a test.
pub(crate) async fn run(chromium: &Chromium, second: &Chromium) -> Result<Report> {
    let screenshots = workspace::root().join("target/screenshots");
    fs::create_dir_all(&screenshots)?;
    let mut report = Report::new();
    for name in PAGES {
        for width in WIDTHS {
            match look(chromium, name, width, &screenshots).await {
                Ok(()) => report.pass(),
                Err(error) => report.fail(format!("{name} at {width} pixels: {error:#}")),
            }
        }
    }
    match resume(chromium).await {
        Ok(()) => report.pass(),
        Err(error) => report.fail(format!("progress after a reload: {error:#}")),
    }
    match meet(chromium, second).await {
        Ok(()) => report.pass(),
        Err(error) => report.fail(format!("chat between two browsers: {error:#}")),
    }
    report.note("screenshots are in target/screenshots");
    Ok(report)
}

async fn look(chromium: &Chromium, name: &str, width: u32, screenshots: &Path) -> Result<()> {
    let upstream = Server::example(UPSTREAM, &[])?;
    let mut server = Server::example(name, &[&format!("{}events", upstream.url)])?;
    chromium.view(width, "light").await?;
    chromium.complaints().await?;
    chromium.open(&server.url).await?;
    if name == "chat" {
        for text in SMALL_TALK {
            say(chromium, text).await?;
        }
    }
    chromium.wait_for(&seen(events(name)), SOON).await?;
    is(chromium, "$('state').textContent", &"open".into()).await?;
    fits(chromium).await?;
    let shot = |suffix: &str| screenshots.join(format!("{name}-{width}{suffix}.png"));
    chromium.screenshot(&shot("")).await?;
    chromium.view(width, "dark").await?;
    chromium.wait_for(SETTLED, SOON).await?;
    fits(chromium).await?;
    chromium.screenshot(&shot("-dark")).await?;
    let complaints = chromium.complaints().await?;
    ensure!(complaints.is_empty(), "the console has {complaints:?}");
    server.signal(Signal::SIGTERM);
    server.ended().context("with the page open")?;
    chromium
        .wait_for("$('state').textContent === 'reconnecting'", SOON)
        .await?;
    fits(chromium).await?;
    chromium.screenshot(&shot("-reconnecting")).await?;
    let _again = Server::example_on(server.port(), name, &[&format!("{}events", upstream.url)])?;
    let back = "['open', 'closed'].includes($('state').textContent)";
    chromium
        .wait_for(back, SOON)
        .await
        .context("after the server came back")?;
    chromium.open("about:blank").await
}

/// Reloads the page in the middle of the job: it goes on after its last event, and at the end stays away.
async fn resume(chromium: &Chromium) -> Result<()> {
    let server = Server::example("progress", &[])?;
    chromium.open(&server.url).await?;
    chromium.wait_for(&seen(10), SOON).await?;
    chromium.open(&server.url).await?;
    chromium.wait_for(&seen(1), SOON).await?;
    let after = "Number($('resumed').textContent) >= 10";
    is(chromium, after, &true.into()).await?;
    chromium
        .wait_for("$('state').textContent === 'closed'", LONG)
        .await?;
    let sum = "Number($('resumed').textContent) + Number($('count').textContent)";
    is(chromium, sum, &100.into()).await?;
    is(chromium, "$('percent').textContent", &"100%".into()).await?;
    is(chromium, "$('again').disabled", &false.into()).await?;
    chromium.open("about:blank").await
}

/// Two people in a room see each other's words and presence; one of them reloads and has missed nothing.
async fn meet(ada: &Chromium, bo: &Chromium) -> Result<()> {
    let mut server = Server::example("chat", &[])?;
    ada.open(&format!("{}?room=den&name=Ada", server.url))
        .await?;
    ada.wait_for(&seen(1), SOON).await?;
    bo.open(&format!("{}?room=den&name=Bo", server.url)).await?;
    ada.wait_for(&present("Ada Bo"), SOON).await?;
    bo.wait_for(&present("Ada Bo"), SOON).await?;
    say(ada, "Is anyone here?").await?;
    bo.wait_for(&shown("Is anyone here?"), SOON).await?;
    say(bo, "I am, <b>&amp;</b>").await?;
    ada.wait_for(&shown("I am, <b>&amp;</b>"), SOON).await?;
    bo.open("about:blank").await?;
    ada.wait_for(&present("Ada"), SOON).await?;
    say(ada, "Gone already?").await?;
    bo.open(&format!("{}?room=den&name=Bo", server.url)).await?;
    bo.wait_for(&shown("Gone already?"), SOON).await?;
    is(bo, &shown("I am, <b>&amp;</b>"), &true.into()).await?;
    server.signal(Signal::SIGTERM);
    server.ended().context("with two pages open")?;
    for browser in [ada, bo] {
        let gone = "$('state').textContent === 'reconnecting'";
        browser.wait_for(gone, SOON).await?;
        browser.open("about:blank").await?;
    }
    Ok(())
}

/// Types into the chat and sends it.
async fn say(chromium: &Chromium, text: &str) -> Result<()> {
    let can = "!$('say').lastChild.disabled && $('text').value === ''";
    chromium.wait_for(can, SOON).await?;
    let text = Value::from(text);
    let send = format!("($('text').value = {text}, $('say').requestSubmit(), true)");
    is(chromium, &send, &true.into()).await
}

fn present(names: &str) -> String {
    format!("[...$('present').children].map((it) => it.textContent).join(' ') === '{names}'")
}

/// Whether someone has said just this.
fn shown(text: &str) -> String {
    let text = Value::from(text);
    format!("[...$('room').children].some((it) => it.lastChild.textContent === {text})")
}

async fn fits(chromium: &Chromium) -> Result<()> {
    let overflow = "document.documentElement.scrollWidth - innerWidth";
    let overflow = chromium.value(overflow).await?;
    ensure!(
        overflow.as_i64().is_some_and(|pixels| pixels <= 0),
        "it is {overflow} pixels too wide"
    );
    Ok(())
}

async fn is(chromium: &Chromium, expression: &str, expected: &Value) -> Result<()> {
    let value = chromium.value(expression).await?;
    ensure!(
        value == *expected,
        "{expression} is {value}, not {expected}"
    );
    Ok(())
}

fn seen(events: u32) -> String {
    format!("Number($('count').textContent) >= {events}")
}

/// How many events make the page look used.
fn events(name: &str) -> u32 {
    match name {
        "llm_stream" => 60,
        "progress" => 40,
        "dashboard" => 1500,
        "chat" => 1 + 4,
        _ => 3,
    }
}

const SMALL_TALK: [&str; 4] = [
    "Good morning!",
    "The build is green again",
    "https://example.org/a-link-that-is-much-longer-than-any-phone-is-wide/and-has-no-place-to-break-at/in-it",
    "☃",
];

/// The colours have changed, so that the picture shows no state in between.
const SETTLED: &str = "document.getAnimations().every((one) => !(one instanceof CSSTransition))";

const WIDTHS: [u32; 2] = [390, 1280];

/// Long enough for what happens within seconds, on a machine that is busy.
const SOON: Duration = Duration::from_secs(30);

/// Long enough for a whole job of the example.
const LONG: Duration = Duration::from_secs(60);

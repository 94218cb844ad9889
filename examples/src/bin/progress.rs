#![forbid(unsafe_code)]
//! A long job with a progress bar that goes on where it was when the page is reloaded.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::stream::unfold;
use serde_json::json;
use sse_axum::{Event, LastEventId, Shutdown, Sse, no_content};
use tokio::sync::watch;
use tokio::time::sleep;

/// Steps are numbered on from one job to the next: a step's number is its event's id.
#[derive(Clone, Copy, Default)]
struct Job {
    done: u64,
    end: u64,
}

#[derive(Clone, Default)]
struct Desk {
    job: Arc<watch::Sender<Job>>,
    shutdown: Shutdown,
}

async fn events(State(desk): State<Desk>, last: LastEventId) -> Response {
    let Job { done, end } = *desk.job.borrow();
    let last: Option<u64> = last.0.and_then(|id| id.as_str().parse().ok());
    // An id that was not given yet is from before this server started: show the job from its first step.
    let after = last.filter(|last| *last <= done);
    let after = after.unwrap_or(end.saturating_sub(STEPS));
    if after == end {
        // Nothing more is to come, and this answer keeps the browser from asking again.
        return no_content().into_response();
    }
    let first = (desk.job.subscribe(), after + 1);
    let steps = unfold(first, move |(mut job, step)| async move {
        let told = |job: &Job| job.done >= step || step > end;
        job.wait_for(told).await.ok()?;
        (step <= end).then(|| (progress(step), (job, step + 1)))
    });
    let sse = Sse::new(steps).shutdown(desk.shutdown.signal());
    sse.into_response()
}

fn progress(step: u64) -> Result<Event, sse_axum::JsonError> {
    let percent = (step - 1) % STEPS + 1;
    let name = format!("Rendering frame {percent} of {STEPS}");
    Ok(Event::json(&json!({ "percent": percent, "step": name }))?.id(step))
}

/// Starts a job unless one is running.
async fn start(State(desk): State<Desk>) -> StatusCode {
    desk.job.send_modify(|job| {
        if job.done == job.end {
            job.end += STEPS;
        }
    });
    StatusCode::ACCEPTED
}

async fn work(desk: Desk) -> Result<()> {
    let mut job = desk.job.subscribe();
    loop {
        job.wait_for(|job| job.done < job.end).await?;
        sleep(Duration::from_millis(120)).await;
        desk.job.send_modify(|job| job.done += 1);
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let desk = Desk::default();
    tokio::spawn(work(desk.clone()));
    let app = Router::new()
        .route("/", get(async || Html(examples::PROGRESS_PAGE)))
        .route("/job", post(start))
        .route("/events", get(events))
        .with_state(desk.clone());

    let listener = examples::listen().await?;
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            stopped.await;
            desk.shutdown.trigger();
        })
        .await?;
    Ok(())
}

const STEPS: u64 = 100;

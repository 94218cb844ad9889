//! HTTP/2 with prior knowledge, in which one stream can end while its connection goes on, and the other way round.

use std::{future::pending, sync::Arc, time::Instant};

use bytes::Bytes;
use h2::{
    RecvStream,
    server::{Connection, SendResponse},
};
use http::{Request, Response};
use tokio::{net::TcpStream, sync::mpsc};

use super::{
    answer::{End, Step},
    asked::Asked,
    server::Desk,
};

/// Serves one connection until it ends.
pub(super) async fn serve(
    stream: TcpStream,
    connection: usize,
    desk: &Arc<Desk>,
) -> Result<(), h2::Error> {
    let mut served: Connection<TcpStream, Bytes> = h2::server::handshake(stream).await?;
    let (tell, mut told) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            accepted = served.accept() => {
                let Some(accepted) = accepted else { return Ok(()) };
                let (request, respond) = accepted?;
                let (desk, tell) = (Arc::clone(desk), tell.clone());
                tokio::spawn(async move { answer(request, respond, connection, &desk, &tell).await });
            }
            Some(end) = told.recv() => match end {
                End::GoAway => served.graceful_shutdown(),
                End::GoAwayAtOnce(reason) => served.abrupt_shutdown(reason),
                // Whoever does not read or write keeps the socket.
                End::Freeze => return pending().await,
                // The whole connection, with all that is on it.
                _ => return Ok(()),
            },
        }
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    connection: usize,
    desk: &Desk,
    tell: &mpsc::UnboundedSender<End>,
) -> Result<(), h2::Error> {
    let answer = desk.answer(read_request(request, connection).await?);
    let mut head = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        head = head.header(name, value.as_ref());
    }
    // A status of 0 is an answer without a head.
    let mut body = match head.body(()) {
        Ok(head) => Some(respond.send_response(head, false)?),
        Err(_) => None,
    };
    for step in &answer.steps {
        match (step, &mut body) {
            (Step::Send(bytes), Some(body)) => body.send_data(bytes.clone(), false)?,
            (Step::Send(_), None) => {}
            (Step::Wait(pause), _) => tokio::time::sleep(*pause).await,
        }
    }
    if answer.closes_door {
        desk.refuse().await;
    }
    match (answer.end, &mut body) {
        (End::ResetStream(reason), Some(body)) => body.send_reset(reason),
        (End::ResetStream(reason), None) => respond.send_reset(reason),
        (End::GoAway, Some(body)) => {
            let _ = tell.send(End::GoAway);
            body.send_data(Bytes::new(), true)?;
        }
        (End::Silence, _) => pending().await,
        (End::Whole, Some(body)) => body.send_data(Bytes::new(), true)?,
        (end, body) => {
            let _ = tell.send(end);
            // Until the connection is gone; an early drop would reset the stream first.
            match body {
                Some(body) => drop(std::future::poll_fn(|cx| body.poll_reset(cx)).await),
                None => pending().await,
            }
        }
    }
    Ok(())
}

async fn read_request(request: Request<RecvStream>, connection: usize) -> Result<Asked, h2::Error> {
    let at = Instant::now();
    let (head, mut received) = request.into_parts();
    let mut body = Vec::new();
    while let Some(data) = received.data().await {
        let data = data?;
        received.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    let headers = head.headers.iter();
    let target = head.uri.path_and_query();
    Ok(Asked {
        method: head.method.to_string(),
        target: target.map(ToString::to_string).unwrap_or_default(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        body,
        connection,
        at,
    })
}

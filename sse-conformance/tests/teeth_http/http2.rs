use std::future::{pending, poll_fn};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use tokio::net::TcpStream;

use crate::answer::{Application, Asked};
use crate::body::{Body, Frame};
use crate::fault::Fault;

/// Answers requests on a connection, all at once.
pub(crate) async fn serve(stream: TcpStream, application: Application) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    let mut stopping = false;
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            () = application.stopping.asked(), if !stopping => {
                stopping = true;
                connection.graceful_shutdown();
                continue;
            }
        };
        let Some(accepted) = accepted else {
            return Ok(());
        };
        let (request, respond) = accepted?;
        let application = application.clone();
        tokio::spawn(async move {
            // A client that has left shows in its scene.
            let _ = answer(request, respond, application).await;
        });
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    application: Application,
) -> Result<(), h2::Error> {
    let headers = request.headers().iter();
    let asked = Asked {
        headers: headers
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        method: request.method().to_string(),
        target: request
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    let mut answer = application.answer(&asked).await;
    let mut head = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        head = head.header(name, value);
    }
    if application.fault == Fault::HeaderTooMany {
        head = head.header("access-control-allow-origin", "*");
    }
    let head = head.body(()).unwrap();
    let early = match &mut answer.body {
        Some(body) if application.fault == Fault::HeadWaitsForAnEvent => Some(body.frame().await),
        _ => None,
    };
    let mut stream = respond.send_response(head, answer.body.is_none())?;
    if let Some(Frame::Data(bytes)) = early {
        send(&mut stream, bytes.into()).await?;
    }
    match answer.body {
        Some(body) => play(stream, application.fault, body).await,
        None => Ok(()),
    }
}

async fn play(
    mut stream: SendStream<Bytes>,
    fault: Fault,
    mut body: Body,
) -> Result<(), h2::Error> {
    let mut late = 0;
    loop {
        let watches = fault != Fault::StreamLeaked && late == 0;
        let frame = tokio::select! {
            frame = body.frame() => frame,
            _ = poll_fn(|cx| stream.poll_reset(cx)), if watches => {
                match fault {
                    Fault::ClientMissedLate => late = 1,
                    Fault::WritesToTheGone => {
                        return send(&mut stream, body.last_words().into()).await;
                    }
                    _ => return Ok(()),
                }
                continue;
            }
        };
        match frame {
            _ if late > 3 => return Ok(()),
            Frame::Data(_) if late > 0 => late += 1,
            Frame::Data(bytes) => match send(&mut stream, bytes.into()).await {
                Err(_) if fault == Fault::StreamLeaked => pending().await,
                sent => sent?,
            },
            Frame::End => return stream.send_data(Bytes::new(), true),
            Frame::Abort => {
                // A reset drops what the connection has not written, so that has its turn first.
                tokio::task::yield_now().await;
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Ok(());
            }
        }
    }
}

/// Sends as the client takes; a fault may send nothing, as a frame.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes) -> Result<(), h2::Error> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let Some(capacity) = poll_fn(|cx| stream.poll_capacity(cx)).await else {
            return Err(Reason::CANCEL.into());
        };
        let part = bytes.split_to(capacity?.min(bytes.len()));
        if bytes.is_empty() {
            return stream.send_data(part, false);
        }
        stream.send_data(part, false)?;
    }
    stream.send_data(bytes, false)
}

use std::{future::pending, io, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{
    fault::{Cut, Fault},
    fired::Fired,
    mark::MarkSearch,
};

/// Which way bytes go.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Direction {
    ToClient,
    ToServer,
}

/// Carries bytes both ways until both sides have ended, or the connection is cut.
pub(super) async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    fault: watch::Receiver<Fault>,
    mut cut: watch::Receiver<Option<Cut>>,
    fired: &Fired,
) {
    for stream in [&client, &server] {
        // Pieces go as they are.
        let _ = stream.set_nodelay(true);
    }
    let carried = async {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = pump(
            from_client,
            to_server,
            fault.clone(),
            Direction::ToServer,
            fired,
        );
        let down = pump(from_server, to_client, fault, Direction::ToClient, fired);
        tokio::join!(up, down)
    };
    let cut = tokio::select! {
        ended = carried => {
            let reset = ended.0.is_err() || ended.1.is_err();
            reset.then_some(Cut::Reset)
        }
        how = cut.wait_for(Option::is_some) => {
            let how = how.ok().and_then(|how| *how);
            how.inspect(|&how| fired.note_cut(how))
        }
    };
    if cut == Some(Cut::Reset) {
        for stream in [&client, &server] {
            // Closing a socket that does not linger resets it.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut fault: watch::Receiver<Fault>,
    direction: Direction,
    fired: &Fired,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut passed = 0;
    let mut search: Option<(Fault, MarkSearch)> = None;
    loop {
        let now = *fault.borrow_and_update();
        if now == Fault::BlackHole {
            fired.note(now, 0, 0);
            wait_while(&mut fault, Fault::BlackHole).await;
            continue;
        }
        let piece = now.piece(passed).min(buffer.len());
        let read = tokio::select! {
            read = from.read(&mut buffer[..piece]) => read,
            Ok(()) = fault.changed() => continue,
        };
        let read = match read {
            Ok(0) | Err(_) if now == Fault::HalfOpen => pending().await,
            read => read?,
        };
        fired.note(now, read, piece);
        let pause = now.pause(read);
        // The timer takes a millisecond for nothing, too.
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        // What was read before the hole opened is swallowed by it as well.
        if *fault.borrow() == Fault::BlackHole {
            fired.note(Fault::BlackHole, 0, 0);
            wait_while(&mut fault, Fault::BlackHole).await;
        }
        if read == 0 {
            return to.shutdown().await;
        }
        if let Fault::EndBehind { mark, times, bytes } = now
            && direction == Direction::ToClient
        {
            let search = match &mut search {
                Some((begun, search)) if *begun == now => search,
                begun => &mut begun.insert((now, MarkSearch::new(mark, times))).1,
            };
            if let Some(behind) = search.find(&buffer[..read]) {
                return end_behind(from, to, &buffer[..read], behind + bytes, bytes, fired).await;
            }
        }
        to.write_all(&buffer[..read]).await?;
        passed += read;
        if let Fault::EndAfter(most) = now
            && direction == Direction::ToClient
            && passed >= most
        {
            to.shutdown().await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}

/// Passes so many bytes, beginning with those that have been read, and ends.
async fn end_behind(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    read: &[u8],
    most: usize,
    behind: usize,
    fired: &Fired,
) -> io::Result<()> {
    let at_once = most.min(read.len());
    to.write_all(&read[..at_once]).await?;
    let rest = (most - at_once) as u64;
    let more = tokio::io::copy(&mut from.take(rest), &mut to).await?;
    if more == rest {
        fired.note_end(behind);
    }
    to.shutdown().await?;
    Err(io::ErrorKind::ConnectionAborted.into())
}

async fn wait_while(fault: &mut watch::Receiver<Fault>, same: Fault) {
    if fault.wait_for(|now| *now != same).await.is_err() {
        pending::<()>().await;
    }
}

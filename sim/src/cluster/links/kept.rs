//! What is on its way to one end of a connection, and what has arrived there late.

use std::collections::VecDeque;
use std::io;
use std::task::Poll;

use broker_core::time::Timestamp;
use bytes::{Buf, Bytes};
use tokio::io::ReadBuf;

/// A piece of what comes over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Bytes),
    /// The peer closed.
    End,
    /// The peer knows nothing of this connection any more.
    Reset,
}

/// When a piece can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Arrived,
    /// It is delayed until then.
    Due(Timestamp),
    /// Nobody knows yet.
    Held,
}

/// Pieces in the order in which they were sent.
///
/// * What has arrived stands before what has not.
/// * Nothing is due before what stands before it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pieces: VecDeque<(Piece, When)>,
}

impl Kept {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds a piece; it comes no sooner than what stands before it.
    pub fn push(&mut self, piece: Piece, when: When) {
        let before = self.pieces.back().map_or(When::Arrived, |(_, when)| *when);
        self.pieces.push_back((piece, when.not_before(before)));
    }

    /// Every piece that is due by `now` has arrived. Whether there was one.
    pub fn arrive(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        for (_, when) in &mut self.pieces {
            match when {
                When::Arrived => {}
                When::Due(due) if *due <= now => {
                    *when = When::Arrived;
                    any = true;
                }
                When::Due(_) | When::Held => break,
            }
        }
        any
    }

    /// A hold is over: `next` says when each piece comes that it held.
    pub fn release(&mut self, mut next: impl FnMut() -> When) {
        let mut before = When::Arrived;
        for (_, when) in &mut self.pieces {
            if *when == When::Held {
                *when = next().not_before(before);
            }
            before = *when;
        }
    }

    /// Nothing keeps anything back any more.
    pub fn arrive_all(&mut self) {
        self.pieces.iter_mut().for_each(|(_, when)| *when = When::Arrived);
    }

    /// How many pieces have not arrived.
    pub fn on_their_way(&self) -> u64 {
        self.pieces.iter().filter(|(_, when)| *when != When::Arrived).count() as u64
    }

    /// Drops what has not arrived.
    pub fn drop_on_their_way(&mut self) {
        self.pieces.retain(|(_, when)| *when == When::Arrived);
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }

    /// Reads what has arrived. After an end or a reset nothing else is ever read.
    pub fn poll_read(&mut self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some((piece, When::Arrived)) = self.pieces.front_mut() else { return Poll::Pending };
        match piece {
            Piece::Bytes(bytes) => {
                let length = bytes.len().min(buffer.remaining());
                buffer.put_slice(&bytes[..length]);
                bytes.advance(length);
                if bytes.is_empty() {
                    self.pieces.pop_front();
                }
                Poll::Ready(Ok(()))
            }
            Piece::End => Poll::Ready(Ok(())),
            Piece::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl When {
    fn not_before(self, before: When) -> When {
        match (before, self) {
            (When::Held, _) | (_, When::Held) => When::Held,
            (When::Arrived, when) => when,
            (When::Due(before), When::Due(due)) => When::Due(before.max(due)),
            (When::Due(before), When::Arrived) => When::Due(before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Piece {
        Piece::Bytes(Bytes::from_static(text.as_bytes()))
    }

    /// Everything that can be read now, a few bytes at a time.
    fn read(kept: &mut Kept) -> String {
        let mut text = String::new();
        loop {
            let mut chunk = [0; 3];
            let mut buffer = ReadBuf::new(&mut chunk);
            match kept.poll_read(&mut buffer) {
                Poll::Pending => return text,
                Poll::Ready(Err(_)) => return text + "!",
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return text + ".",
                Poll::Ready(Ok(())) => text += str::from_utf8(buffer.filled()).unwrap(),
            }
        }
    }

    #[test]
    fn a_late_message_keeps_those_behind_it_waiting() {
        let mut kept = Kept::default();
        kept.push(bytes("first "), When::Due(Timestamp(30)));
        kept.push(bytes("second "), When::Due(Timestamp(10)));
        kept.push(Piece::End, When::Arrived);
        assert!(!kept.arrive(Timestamp(29)));
        assert_eq!((read(&mut kept), kept.on_their_way()), (String::new(), 3));
        assert!(kept.arrive(Timestamp(30)));
        assert_eq!(read(&mut kept), "first second .");
        assert_eq!(read(&mut kept), ".", "an end stays an end");
    }

    #[test]
    fn what_a_hold_let_go_is_delayed_from_then_on() {
        let mut kept = Kept::default();
        kept.push(bytes("here "), When::Arrived);
        kept.push(bytes("held "), When::Held);
        kept.push(Piece::Reset, When::Due(Timestamp(5)));
        kept.arrive(Timestamp(1_000));
        assert_eq!(read(&mut kept), "here ");
        let mut due = [70, 50].into_iter();
        kept.release(|| When::Due(Timestamp(due.next().unwrap())));
        kept.arrive(Timestamp(60));
        assert_eq!(read(&mut kept), "");
        kept.arrive(Timestamp(70));
        assert_eq!(read(&mut kept), "held !");
    }

    #[test]
    fn a_cut_takes_only_what_has_not_arrived() {
        let mut kept = Kept::default();
        kept.push(bytes("here"), When::Arrived);
        kept.push(bytes("late"), When::Due(Timestamp(9)));
        kept.push(bytes("held"), When::Held);
        assert_eq!(kept.on_their_way(), 2);
        kept.drop_on_their_way();
        kept.arrive_all();
        assert_eq!(read(&mut kept), "here");
        assert!(kept.is_empty());
    }
}

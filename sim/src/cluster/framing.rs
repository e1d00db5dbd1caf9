//! Frames over a byte stream: a four-byte length, then that many bytes.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A longer frame is a peer that speaks something else (`socket.request.max.bytes`).
const FRAME_BYTES_MAX: usize = 100 << 20;
const READ_CHUNK: usize = 16 << 10;
const PREFIX: usize = 4;

/// One connection, read and written as frames.
pub(super) struct Framed<S> {
    stream: S,
    incoming: BytesMut,
    outgoing: BytesMut,
}

/// What reading gave.
pub(super) enum Read {
    Frame(Bytes),
    /// The peer closed, the connection broke, or what came is no frame.
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Framed<S> {
    pub fn new(stream: S) -> Framed<S> {
        Framed { stream, incoming: BytesMut::new(), outgoing: BytesMut::new() }
    }

    /// Queues a frame; [`Framed::poll_write`] sends it.
    pub fn push(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).expect("frames are far below 4 GiB");
        self.outgoing.put_u32(length);
        self.outgoing.put_slice(frame);
    }

    /// Writes what is queued as far as the stream takes it.
    ///
    /// # Errors
    /// If the connection broke.
    pub fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.outgoing) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => self.outgoing.advance(written),
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next frame.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        loop {
            match self.take_frame() {
                Some(read) => return Poll::Ready(read),
                None => {
                    // Clearing it would cost more than most reads.
                    let mut chunk = [MaybeUninit::uninit(); READ_CHUNK];
                    let mut buffer = ReadBuf::uninit(&mut chunk);
                    match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Err(_)) => return Poll::Ready(Read::Closed),
                        Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                            return Poll::Ready(Read::Closed);
                        }
                        Poll::Ready(Ok(())) => self.incoming.extend_from_slice(buffer.filled()),
                    }
                }
            }
        }
    }

    fn take_frame(&mut self) -> Option<Read> {
        let prefix = self.incoming.first_chunk::<PREFIX>()?;
        let length = u32::from_be_bytes(*prefix) as usize;
        if FRAME_BYTES_MAX < length {
            return Some(Read::Closed);
        }
        if self.incoming.len() < PREFIX + length {
            return None;
        }
        // A copy: a buffer that frames share would have to be allocated anew while one of them lives.
        let frame = Bytes::copy_from_slice(&self.incoming[PREFIX..PREFIX + length]);
        self.incoming.advance(PREFIX + length);
        Some(Read::Frame(frame))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::duplex;

    use super::*;

    fn poll<S: AsyncRead + AsyncWrite + Unpin>(framed: &mut Framed<S>) -> Option<Option<Bytes>> {
        match framed.poll_read(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => None,
            Poll::Ready(Read::Frame(frame)) => Some(Some(frame)),
            Poll::Ready(Read::Closed) => Some(None),
        }
    }

    #[test]
    fn frames_arrive_whole_however_the_stream_cuts_them() {
        let (near, far) = duplex(7);
        let (mut near, mut far) = (Framed::new(near), Framed::new(far));
        near.push(b"first frame");
        near.push(b"");
        near.push(b"third");
        let mut frames = Vec::new();
        for _ in 0..20 {
            near.poll_write(&mut Context::from_waker(Waker::noop())).unwrap();
            while let Some(frame) = poll(&mut far) {
                frames.push(frame.expect("the stream is open"));
            }
        }
        assert_eq!(frames, [&b"first frame"[..], b"", b"third"]);
        drop(near);
        assert_eq!(poll(&mut far), Some(None));
    }

    /// What the far end makes of these bytes, with the near end still open.
    fn received(
        bytes: &[u8],
    ) -> (Framed<tokio::io::DuplexStream>, Option<Option<Bytes>>, tokio::io::DuplexStream) {
        let (mut near, far) = duplex(64);
        let sent = Pin::new(&mut near).poll_write(&mut Context::from_waker(Waker::noop()), bytes);
        assert!(matches!(sent, Poll::Ready(Ok(all)) if all == bytes.len()));
        let mut far = Framed::new(far);
        let read = poll(&mut far);
        (far, read, near)
    }

    #[test]
    fn a_length_below_zero_or_above_the_limit_closes_the_connection_and_none_is_believed_before_bytes_come() {
        let limit = i32::try_from(FRAME_BYTES_MAX).unwrap();
        for (length, closes) in
            [(-1, true), (i32::MIN, true), (i32::MAX, true), (limit + 1, true), (limit, false), (1, false)]
        {
            let (framed, read, _near) = received(&length.to_be_bytes());
            assert_eq!(read, closes.then_some(None), "{length}");
            assert!(framed.incoming.capacity() <= 2 * READ_CHUNK, "{length}: {}", framed.incoming.capacity());
        }
        let (_, read, _near) = received(&[0; 4]);
        assert_eq!(read, Some(Some(Bytes::new())), "an empty frame is for whoever decodes it");
    }

    #[test]
    fn a_connection_closed_within_a_frame_gives_nothing_of_it() {
        let whole = [&[0, 0, 0, 3][..], b"abc", &[0, 0, 0, 5], b"hello"].concat();
        for cut in 0..whole.len() {
            let (mut framed, mut read, near) = received(&whole[..cut]);
            let mut frames = Vec::new();
            drop(near);
            loop {
                match read {
                    Some(Some(frame)) => frames.push(frame),
                    Some(None) => break,
                    None => {}
                }
                read = poll(&mut framed);
            }
            assert_eq!(frames, [&b"abc"[..]][..usize::from(7 <= cut)], "cut at {cut}");
        }
    }

    #[test]
    fn an_impossible_length_closes_the_connection() {
        let (mut near, far) = duplex(64);
        let sent = Pin::new(&mut near).poll_write(&mut Context::from_waker(Waker::noop()), b"GET / HT");
        assert!(matches!(sent, Poll::Ready(Ok(8))));
        assert_eq!(poll(&mut Framed::new(far)), Some(None));
    }
}

//! Handing an open port from one process to another, through a socket on this machine.
//!
//! Nobody who connects meanwhile is turned away: he waits until the other one answers.

use rustix::io::{IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use std::io::{self, Write as _};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;

/// Says something, and hands over the port with it.
pub(super) fn say_with(mut stream: &UnixStream, words: &[u8], port: &TcpListener) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let handed = [port.as_fd()];
    ancillary.push(SendAncillaryMessage::ScmRights(&handed));
    let said = sendmsg(stream, &[IoSlice::new(words)], &mut ancillary, SendFlags::NOSIGNAL)?;
    stream.write_all(words.get(said..).unwrap_or_default())
}

/// Hears the beginning of what is said, and takes the port that comes with it.
pub(super) fn hear_with(stream: &UnixStream, words: &mut [u8]) -> io::Result<(usize, Option<TcpListener>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let heard = recvmsg(stream, &mut [IoSliceMut::new(words)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut port: Option<OwnedFd> = None;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(handed) = message {
            port = handed.last();
        }
    }
    Ok((heard.bytes, port.map(TcpListener::from)))
}

//! The boards: from what goes on, to who pays, to what is slow, to one session, to the recorder itself.

mod cost;
mod overview;
mod recorder;
mod session;
mod tools;

use super::board::Board;

/// Every board, in the order in which one leads to the next.
pub(crate) const BOARDS: &[Board] =
    &[overview::BOARD, cost::BOARD, tools::BOARD, session::BOARD, recorder::BOARD];

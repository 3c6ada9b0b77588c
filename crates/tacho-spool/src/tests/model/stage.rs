//! Who runs: one process at a time, until it ends or is stopped, so that a history takes the same course whenever it
//! is played.

use super::process::Process;
use super::scenario::{Event, Interruption};
use super::world::World;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};

/// The processes of a history.
pub struct Stage<'s, 'w> {
    world: &'w World,
    scope: &'s Scope<'s, 'w>,
    stopped: Vec<Stopped<'s>>,
}

/// A process that waits until it may go on.
struct Stopped<'s> {
    go_on: Sender<()>,
    has_stopped: Receiver<()>,
    thread: ScopedJoinHandle<'s, ()>,
}

/// What a process stops with.
pub struct Brake {
    stop: Sender<()>,
    may_go_on: Receiver<()>,
}

impl Brake {
    /// Stops. Whether the process may go on at all.
    pub fn pull(&self) -> bool {
        self.stop.send(()).is_ok() && self.may_go_on.recv().is_ok()
    }
}

impl<'s, 'w> Stage<'s, 'w> {
    pub fn new(world: &'w World, scope: &'s Scope<'s, 'w>) -> Self {
        Self { world, scope, stopped: Vec::new() }
    }

    /// Runs a process until it ends or is stopped.
    pub fn run(&mut self, interruptions: &'w [Interruption], act: impl FnOnce(&Process<'w>) + Send + 's) {
        let is_stopped = |interruption: &Interruption| matches!(interruption.event, Event::Stopped);
        // Nobody else can hold up one who is alone.
        if self.stopped.is_empty() && !interruptions.iter().any(is_stopped) {
            return act(&Process::start(self.world, interruptions, None));
        }
        let (stop, has_stopped) = channel();
        let (go_on, may_go_on) = channel();
        let world = self.world;
        let brake = Brake { stop, may_go_on };
        let thread = self.scope.spawn(move || act(&Process::start(world, interruptions, Some(brake))));
        self.wait(Stopped { go_on, has_stopped, thread });
    }

    /// Lets one of those that are stopped go on.
    pub fn resume(&mut self, number: usize) {
        if !self.stopped.is_empty() {
            let process = self.stopped.remove(number % self.stopped.len());
            // It waits for this and for nothing else.
            process.go_on.send(()).unwrap();
            self.wait(process);
        }
    }

    /// Lets everyone go on to the end.
    pub fn resume_all(&mut self) {
        while !self.stopped.is_empty() {
            self.resume(0);
        }
    }

    fn wait(&mut self, process: Stopped<'s>) {
        if process.has_stopped.recv().is_ok() {
            self.stopped.push(process);
        } else if let Err(panic) = process.thread.join() {
            resume_unwind(panic);
        }
    }
}

use crate::guard::Guard;
use crate::watcher::{self, Key};
use crate::Error;
use machineid_sys as ffi;
use std::fmt;
use std::future::Future;
use std::os::unix::io::AsRawFd;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of [`Guard::stopped`]: ready when the guard is denied or ended, with why.
#[must_use = "futures do nothing unless they are polled"]
pub struct Stopped<'guard> {
    guard: &'guard Guard,
    /// What the watcher knows this future by, once it has been polled.
    key: Option<Key>,
}

impl<'guard> Stopped<'guard> {
    pub(crate) fn new(guard: &'guard Guard) -> Stopped<'guard> {
        Stopped { guard, key: None }
    }
}

impl Future for Stopped<'_> {
    type Output = Error;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Error> {
        // The library may have made a new descriptor meanwhile, so it is asked each time.
        let fd = match self.guard.fd() {
            Some(fd) => fd.as_raw_fd(),
            None => return Poll::Ready(unwatched("no descriptor is left")),
        };
        if watcher::is_readable(fd) {
            return Poll::Ready(self.guard.reason());
        }
        // Whatever becomes readable after this look is found by the watcher, since the descriptor stays readable.
        match watcher::watch(self.key, fd, context.waker()) {
            Ok(key) => self.key = Some(key),
            Err(error) => return Poll::Ready(unwatched(&error.to_string())),
        }
        Poll::Pending
    }
}

/// A guard whose end cannot be awaited counts as ended.
fn unwatched(why: &str) -> Error {
    Error::local(ffi::MID_INTERNAL, &format!("the end of the guard cannot be awaited: {}", why))
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            watcher::forget(key);
        }
    }
}

impl fmt::Debug for Stopped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopped").finish_non_exhaustive()
    }
}

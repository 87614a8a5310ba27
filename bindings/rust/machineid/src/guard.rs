use crate::json::Value;
use crate::reply::{Reply, Text};
use crate::stopped::Stopped;
use crate::{Error, Result};
use machineid_sys as ffi;
use std::fmt;
use std::os::unix::io::BorrowedFd;
use std::ptr::NonNull;
use std::time::Duration;

/// A guard keeps one device's permission fresh in the background. [`Client::guard`](crate::Client::guard) starts it,
/// and dropping it stops it. It may outlive its client, but is ended then. Threads share it, by reference or in an
/// `Arc`.
///
/// ```no_run
/// # fn work() {}
/// # fn f(client: &machineid::Client) -> machineid::Result<()> {
/// let guard = client.guard("agent-01")?;
/// while guard.is_allowed() {
///     work();
/// }
/// # Ok(())
/// # }
/// ```
///
/// It cannot be dropped while somebody awaits its end:
///
/// ```compile_fail
/// # fn f(guard: machineid::Guard) {
/// let stopped = guard.stopped();
/// drop(guard);
/// drop(stopped);
/// # }
/// ```
#[must_use = "a guard is stopped when it is dropped"]
pub struct Guard(NonNull<ffi::mid_guard>);

// machineid.h: any number of threads may use a guard at once.
unsafe impl Send for Guard {}
unsafe impl Sync for Guard {}

/// What a guard is. More may come: treat an unknown state as [`GuardState::Ended`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuardState {
    /// The last allow is younger than the maximum age.
    On,
    /// It is older. The guard asks on, and is on again after the next allow.
    Lapsed,
    /// The authority said no. Final.
    Denied,
    /// The client was cancelled or dropped, or this is a forked child. Final.
    Ended,
}

/// What a guard knows.
#[derive(Clone, Debug)]
pub struct GuardReport {
    /// What [`Guard::is_allowed`] was at this moment.
    pub allowed: bool,
    /// The state.
    pub state: GuardState,
    /// How long ago the question was sent whose answer is the last decision.
    pub age: Duration,
    /// How many checks were made, the first one included.
    pub checks: u64,
    /// How many of them brought no decision since the last one that did.
    pub failures: u64,
    /// The authority's last decision, with its code and its request id.
    pub decision: Reply,
    /// Why the last check brought no decision.
    pub failure: Option<Reply>,
}

impl Guard {
    /// A guard that is denied from the start is an error.
    pub(crate) fn new(guard: NonNull<ffi::mid_guard>, reply: Reply) -> Result<Guard> {
        let guard = Guard(guard);
        if !guard.is_allowed() && guard.decision()?.state == GuardState::Denied {
            return Err(Error::new(ffi::MID_OK, reply));
        }
        Ok(guard)
    }

    /// May the device run now? It takes some nanoseconds and no lock.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        unsafe { ffi::mid_guard_allowed(self.0.as_ptr()) == 1 }
    }

    /// Blocks until the guard is off: lapsed, denied or ended. It is true when the guard is off, and false when it is
    /// still on after the timeout. None has no limit.
    pub fn wait_until_off(&self, timeout: Option<Duration>) -> bool {
        let milliseconds = match timeout {
            Some(timeout) => i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
            None => -1,
        };
        unsafe { ffi::mid_guard_wait(self.0.as_ptr(), milliseconds) != ffi::MID_TIMEOUT }
    }

    /// A future that is ready when the guard is denied or ended, with why. It needs no runtime. A lapse does not make
    /// it ready, since it may pass: look at [`Guard::is_allowed`] before each piece of work as well.
    ///
    /// All such futures of a process share one thread, which sleeps until a guard ends.
    pub fn stopped(&self) -> Stopped<'_> {
        Stopped::new(self)
    }

    /// What the guard knows. It fails only where memory is refused.
    pub fn decision(&self) -> Result<GuardReport> {
        let (mut allowed, mut json) = (0, Text::new());
        let status = unsafe { ffi::mid_guard_decision(self.0.as_ptr(), &mut allowed, json.place()) };
        let reply = json.reply();
        if status != ffi::MID_OK {
            return Err(Error::new(status, reply));
        }
        let member = |name| match &reply[name] {
            Value::Null => None,
            value => Some(Reply::from_text(value.to_string())),
        };
        let number = |name| reply[name].as_u64().unwrap_or_default();
        Ok(GuardReport {
            allowed: allowed == 1,
            state: match reply["state"].as_str() {
                Some("on") => GuardState::On,
                Some("lapsed") => GuardState::Lapsed,
                Some("denied") => GuardState::Denied,
                _ => GuardState::Ended,
            },
            age: Duration::from_millis(number("age_ms")),
            checks: number("checks"),
            failures: number("failures"),
            decision: member("decision").unwrap_or_else(|| Reply::from_text("null".to_string())),
            failure: member("failure"),
        })
    }

    /// A descriptor for a reactor of your own, such as tokio's `AsyncFd`. It becomes readable, and stays so, when the
    /// guard is denied or ended. Do not read from it. None where no descriptor is left.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match unsafe { ffi::mid_guard_fd(self.0.as_ptr()) } {
            fd if fd < 0 => None,
            fd => Some(unsafe { BorrowedFd::borrow_raw(fd) }),
        }
    }

    /// Why the guard is off for good.
    pub(crate) fn reason(&self) -> Error {
        match self.decision() {
            Ok(report) if report.state == GuardState::Denied => Error::new(ffi::MID_OK, report.decision),
            Ok(_) => Error::local(ffi::MID_CANCELLED, "the guard was ended with its client, or the process was forked"),
            Err(error) => error,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        unsafe { ffi::mid_guard_stop(self.0.as_ptr()) }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("allowed", &self.is_allowed()).finish_non_exhaustive()
    }
}

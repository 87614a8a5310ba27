//! One thread that sleeps in poll() for all futures of a process, and wakes them.
//!
//! It starts with the first future that is awaited, and sleeps whenever no guard ends. A forked child has no such
//! thread, and one that it needs is made anew: what the parent's thread may have held locked is left alone.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::raw::{c_int, c_short, c_ulong};
use std::os::unix::io::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;

/// What a future is known by, in the process that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u64);

struct Watcher {
    /// The process whose thread this is.
    process: u32,
    /// A byte here wakes the thread.
    bell: UnixStream,
    watched: Mutex<HashMap<Key, (RawFd, Waker)>>,
}

/// What the bell says: look again at what is watched, or end.
const LOOK: u8 = 0;
const QUIT: u8 = 1;

static WATCHER: AtomicPtr<Watcher> = AtomicPtr::new(null_mut());
static NEXT_KEY: AtomicU64 = AtomicU64::new(0);

/// Wakes this waker when the descriptor is readable, once. A future that asks again brings its key.
pub(crate) fn watch(key: Option<Key>, fd: RawFd, waker: &Waker) -> io::Result<Key> {
    let watcher = Watcher::of_this_process()?;
    let key = key.unwrap_or_else(|| Key(NEXT_KEY.fetch_add(1, Ordering::Relaxed)));
    let old = watcher.lock().insert(key, (fd, waker.clone()));
    // The thread sees another waker without being woken.
    if old.map_or(true, |(other, _)| other != fd) {
        watcher.ring(LOOK);
    }
    Ok(key)
}

/// Takes a future back. Its descriptor may be closed afterwards.
pub(crate) fn forget(key: Key) {
    if let Some(watcher) = Watcher::existing() {
        let old = watcher.lock().remove(&key);
        // The waker is dropped here, without the lock, because that may run any code.
        if old.is_some() {
            watcher.ring(LOOK);
        }
    }
}

/// Whether a descriptor is readable at this moment, or no descriptor at all.
pub(crate) fn is_readable(fd: RawFd) -> bool {
    let mut one = [PollFd::new(fd)];
    wait(&mut one, 0);
    one[0].revents != 0
}

impl Watcher {
    fn existing() -> Option<&'static Watcher> {
        // A watcher is never freed.
        unsafe { WATCHER.load(Ordering::Acquire).as_ref() }.filter(|watcher| watcher.process == std::process::id())
    }

    fn of_this_process() -> io::Result<&'static Watcher> {
        if let Some(watcher) = Watcher::existing() {
            return Ok(watcher);
        }
        let old = WATCHER.load(Ordering::Acquire);
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let watcher = Watcher { process: std::process::id(), bell, watched: Mutex::default() };
        let watcher: &'static Watcher = Box::leak(Box::new(watcher));
        let builder = thread::Builder::new().name("machineid-await".to_string()).stack_size(128 * 1024);
        without_signals(|| builder.spawn(move || watcher.run(heard)))?;
        let made = watcher as *const Watcher as *mut Watcher;
        if WATCHER.compare_exchange(old, made, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // Another thread was faster. Nobody else has seen this one.
            watcher.ring(QUIT);
            return Watcher::of_this_process();
        }
        Ok(watcher)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (RawFd, Waker)>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A full socket has woken the thread already.
    fn ring(&self, word: u8) {
        let _ = (&self.bell).write(&[word]);
    }

    fn run(&self, heard: UnixStream) {
        let mut keys = Vec::new();
        let mut polled = Vec::new();
        loop {
            keys.clear();
            polled.clear();
            polled.push(PollFd::new(heard.as_raw_fd()));
            for (key, (fd, _)) in self.lock().iter() {
                keys.push(*key);
                polled.push(PollFd::new(*fd));
            }
            wait(&mut polled, -1);
            if polled[0].revents != 0 {
                let mut words = [LOOK; 64];
                while matches!((&heard).read(&mut words), Ok(64)) {}
                if words.contains(&QUIT) {
                    return;
                }
            }
            for (key, _) in keys.iter().zip(&polled[1..]).filter(|(_, fd)| fd.revents != 0) {
                let found = self.lock().remove(key);
                // The lock is free now, because a waker runs any code. One that panics must not end the others' thread.
                if let Some((_, waker)) = found {
                    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
                }
            }
        }
    }
}

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: c_short,
    revents: c_short,
}

impl PollFd {
    fn new(fd: RawFd) -> PollFd {
        const POLLIN: c_short = 1;
        PollFd { fd, events: POLLIN, revents: 0 }
    }
}

/// A set of signals of glibc and musl, on amd64 and arm64: 1024 bits.
#[repr(C)]
#[derive(Clone, Copy)]
struct SignalSet([u64; 16]);

extern "C" {
    fn poll(fds: *mut PollFd, count: c_ulong, timeout: c_int) -> c_int;
    fn sigfillset(set: *mut SignalSet) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
}

/// Polls; a signal does not cut it short.
fn wait(fds: &mut [PollFd], timeout: c_int) {
    loop {
        let result = unsafe { poll(fds.as_mut_ptr(), fds.len() as c_ulong, timeout) };
        if result >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Starts a thread that no signal is delivered to: a thread inherits the mask.
fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    const SIG_SETMASK: c_int = 2;
    let (mut all, mut old) = (SignalSet([0; 16]), SignalSet([0; 16]));
    unsafe {
        sigfillset(&mut all);
        pthread_sigmask(SIG_SETMASK, &all, &mut old);
    }
    let result = start();
    unsafe {
        pthread_sigmask(SIG_SETMASK, &old, null_mut());
    }
    result
}

//! What the tests share.

#![allow(dead_code)] // No test uses all of it.

use machineid::testing::Emulator;
use machineid::Client;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

pub const DEVICE: &str = "worker:prod:queue-consumer:07";
pub const KEY: &str = "org_test";

/// An emulator, and a client of it whose device is registered.
pub fn registered() -> (Emulator, Client) {
    let emulator = Emulator::start().expect("an emulator");
    let client = emulator.client(KEY).timeout(Duration::from_secs(30)).build().expect("a client");
    client.register(DEVICE).expect("there is room for a device");
    (emulator, client)
}

/// How late a guard may be beyond its bound, for slow machines.
pub fn slack() -> Duration {
    let slack = std::env::var("CHECK_SLACK_MS").ok().and_then(|text| text.parse().ok());
    Duration::from_millis(slack.unwrap_or_default())
}

/// Waits until something is so, for 30 s at most.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "not within 30 s: {}", what);
        thread::sleep(Duration::from_millis(5));
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// An executor that says how often it polled.
pub fn block_on<F: Future>(future: F) -> (F::Output, usize) {
    let mut future: Pin<Box<F>> = Box::pin(future);
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return (output, polls);
        }
        thread::park();
    }
}

/// The processor time that each of the threads with this name has used, in clock ticks of 10 ms.
pub fn ticks(name: &str) -> Vec<u64> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("there is /proc");
    // A thread may end meanwhile.
    let stats = tasks.flatten().flat_map(|task| std::fs::read_to_string(task.path().join("stat")));
    stats
        .filter(|stat| stat.contains(&format!("({})", name)))
        .map(|stat| {
            let fields: Vec<_> = stat[stat.rfind(')').expect("it has a name")..].split(' ').collect();
            fields[12].parse::<u64>().expect("utime") + fields[13].parse::<u64>().expect("stime")
        })
        .collect()
}

/// The memory of this process that is in use, in kB, without what it shares with files.
pub fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there is /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("it has RssAnon");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

//! Starts the emulator for tests, and says to it what an operator would. The variable MACHINEID_EMULATOR is its path;
//! otherwise it is looked for in PATH.

#![allow(dead_code)] // No test uses all of it.

use machineid::{Client, Options};
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

pub const DEVICE: &str = "worker:prod:queue-consumer:07";
pub const KEY: &str = "org_tests";

pub struct Emulator {
    process: Child,
    pub url: String,
}

impl Emulator {
    pub fn start(keys: &[&str]) -> Emulator {
        let path = std::env::var("MACHINEID_EMULATOR").unwrap_or_else(|_| "machineid-emulator".to_string());
        let mut command = Command::new(&path);
        command.args(["--port", "0", "--plan", "free", "--quiet"]).stdout(Stdio::piped());
        command.args(keys.iter().flat_map(|key| ["--org-key", key]));
        let mut process = command.spawn().unwrap_or_else(|error| {
            panic!("{} does not start ({}); MACHINEID_EMULATOR is the path of machineid-emulator", path, error)
        });
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("the emulator says where it listens");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{} said: {}", path, line));
        Emulator { process, url: url.to_string() }
    }

    pub fn options(&self) -> Options {
        Options::new().base_url(&self.url).timeout(Duration::from_secs(30))
    }

    pub fn client(&self) -> Client {
        Client::new(KEY, &self.options()).expect("the options are right")
    }

    /// A client whose device is registered.
    pub fn registered(&self) -> Client {
        let client = self.client();
        client.register(DEVICE).expect("there is room for a device");
        client
    }

    /// Sends a POST, and expects HTTP 200.
    pub fn ask(&self, key: &str, path: &str, body: &str) {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("the emulator listens");
        let head = format!("POST {} HTTP/1.1\r\nHost: emulator\r\nx-org-key: {}\r\n", path, key);
        let rest = "Content-Type: application/json\r\nConnection: close\r\n";
        write!(stream, "{}{}Content-Length: {}\r\n\r\n{}", head, rest, body.len(), body).expect("it takes requests");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{}: {}", path, answer);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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

/// The processor time of this process, in clock ticks of 10 ms.
pub fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("there is /proc");
    let fields: Vec<_> = stat[stat.rfind(')').expect("it has a name")..].split(' ').collect();
    fields[12].parse::<u64>().expect("utime") + fields[13].parse::<u64>().expect("stime")
}

/// The memory of this process that is in use, in kB, without what it shares with files.
pub fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there is /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("it has RssAnon");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

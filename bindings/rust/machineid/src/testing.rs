//! Starts machineid-emulator, the authority on loopback, for tests.
//!
//! ```no_run
//! let emulator = machineid::testing::Emulator::start().expect("machineid-emulator is installed");
//! let client = emulator.client("org_test").build().expect("a client");
//! ```

use crate::{Builder, Client};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// An emulator that runs until it is dropped.
#[derive(Debug)]
pub struct Emulator {
    process: Child,
    url: String,
}

impl Emulator {
    /// Starts an emulator with one organisation, whose key is "org_test".
    pub fn start() -> io::Result<Emulator> {
        Emulator::start_with(&["org_test"])
    }

    /// Starts an emulator with an organisation for each of these keys, which are made up. The program is that which the
    /// environment variable `MACHINEID_EMULATOR` names, or else machineid-emulator in PATH.
    pub fn start_with(org_keys: &[&str]) -> io::Result<Emulator> {
        let path = std::env::var("MACHINEID_EMULATOR").unwrap_or_else(|_| "machineid-emulator".to_string());
        let mut command = Command::new(&path);
        command.args(["--port", "0", "--quiet"]).stdout(Stdio::piped());
        command.args(org_keys.iter().flat_map(|key| ["--org-key", key]));
        let process = command.spawn().map_err(|error| {
            let remedy = "MACHINEID_EMULATOR names the program machineid-emulator";
            io::Error::new(error.kind(), format!("{} does not start ({}); {}", path, error, remedy))
        })?;
        let mut emulator = Emulator { process, url: String::new() };
        let mut line = String::new();
        if let Some(output) = emulator.process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        match line.trim().strip_prefix("listening on ") {
            Some(url) => emulator.url = url.to_string(),
            None => return Err(io::Error::new(io::ErrorKind::Other, format!("{} does not say where it listens", path))),
        }
        Ok(emulator)
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client of the organisation with this key.
    pub fn client(&self, org_key: &str) -> Builder {
        Client::builder(org_key).base_url(&self.url)
    }

    /// Sends a POST to a path, such as "/emulator/outage", as the organisation with this key. `machineid-emulator
    /// --help` has the paths.
    pub fn ask(&self, org_key: &str, path: &str, body: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://"))?;
        let head = format!("POST {} HTTP/1.1\r\nHost: emulator\r\nx-org-key: {}\r\n", path, org_key);
        let rest = "Content-Type: application/json\r\nConnection: close\r\n";
        write!(stream, "{}{}Content-Length: {}\r\n\r\n{}", head, rest, body.len(), body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.starts_with("HTTP/1.1 200 ") {
            return Ok(());
        }
        let line = answer.lines().next().unwrap_or_default();
        Err(io::Error::new(io::ErrorKind::Other, format!("the emulator answers {} with {}", path, line)))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

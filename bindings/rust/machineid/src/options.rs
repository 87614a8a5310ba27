use crate::json::Value;
use crate::{Client, Result};
use std::fmt;
use std::time::Duration;

/// Makes a client with options. [`Client::builder`] begins, [`Builder::build`] ends. What is not set has the library's
/// default, in brackets below.
///
/// Values are checked by the library: [`Builder::build`] returns
/// [`ErrorKind::InvalidOptions`](crate::ErrorKind::InvalidOptions) with a message that names the option.
#[derive(Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct Builder {
    /// None: the key is in the environment.
    org_key: Option<String>,
    options: Vec<(String, Value)>,
}

/// The options of a guard. What is not set has the library's default, in brackets below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct GuardOptions(Vec<(String, Value)>);

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn milliseconds(duration: Duration) -> Value {
    Value::Number(duration.as_millis().to_string())
}

fn set(options: &mut Vec<(String, Value)>, name: &str, value: Value) {
    options.retain(|(other, _)| other != name);
    options.push((name.to_string(), value));
}

fn json(options: &[(String, Value)]) -> String {
    Value::Object(options.to_vec()).to_string()
}

impl Builder {
    pub(crate) fn new(org_key: Option<String>) -> Builder {
        Builder { org_key, options: Vec::new() }
    }

    /// Makes the client. Nothing is sent before its first call.
    pub fn build(self) -> Result<Client> {
        Client::make(self.org_key.as_deref(), &json(&self.options))
    }

    /// The authority (`https://machineid.io`): https, or http to loopback.
    pub fn base_url(self, url: impl Into<String>) -> Builder {
        self.set("base_url", text(url))
    }

    /// For one call, everything included, 1 ms to 1 h (10 s). Fractions of a millisecond are cut off.
    pub fn timeout(self, timeout: Duration) -> Builder {
        self.set("timeout_ms", milliseconds(timeout))
    }

    /// For name, TCP, proxy and TLS of one attempt, 1 ms to 1 h (3 s).
    pub fn connect_timeout(self, timeout: Duration) -> Builder {
        self.set("connect_timeout_ms", milliseconds(timeout))
    }

    /// Further attempts after a transport failure or an outage, 0 to 10 (2). There are none after an answer.
    pub fn max_retries(self, count: u32) -> Builder {
        self.set("max_retries", Value::Number(count.to_string()))
    }

    /// A PEM file of the only certificate authorities to trust.
    pub fn ca_file(self, path: impl Into<String>) -> Builder {
        self.set("ca_file", text(path))
    }

    /// Directories of the only certificate authorities to trust, joined by ":".
    pub fn ca_path(self, path: impl Into<String>) -> Builder {
        self.set("ca_path", text(path))
    }

    /// The only server keys to accept, `sha256//BASE64`, joined by ";".
    pub fn pinned_public_key(self, pins: impl Into<String>) -> Builder {
        self.set("pinned_public_key", text(pins))
    }

    /// An http, https, socks4, socks4a, socks5 or socks5h URL; "" for none (`https_proxy` or `all_proxy`).
    pub fn proxy(self, url: impl Into<String>) -> Builder {
        self.set("proxy", text(url))
    }

    /// Hosts to reach without a proxy, joined by ","; or "*" (`no_proxy`).
    pub fn no_proxy(self, hosts: impl Into<String>) -> Builder {
        self.set("no_proxy", text(hosts))
    }

    /// 1 to 256 bytes of printable ASCII (`libmachineid/VERSION`).
    pub fn user_agent(self, name: impl Into<String>) -> Builder {
        self.set("user_agent", text(name))
    }

    /// Connections, 1 to 256 (64). More calls at once wait their turn.
    pub fn max_connections(self, count: u32) -> Builder {
        self.set("max_connections", Value::Number(count.to_string()))
    }

    /// How old a connection may be for a further request, 1 s to 24 h (5 min).
    pub fn max_connection_age(self, age: Duration) -> Builder {
        self.set("max_connection_age_ms", milliseconds(age))
    }

    /// Another variable to read the org key from, for [`Client::builder_from_env`] alone.
    pub fn env_var(self, name: impl Into<String>) -> Builder {
        self.set("env_var", text(name))
    }

    /// An option by the name that it has in machineid.h, for those that are newer than this crate.
    pub fn set(mut self, name: &str, value: Value) -> Builder {
        set(&mut self.options, name, value);
        self
    }
}

/// The org key is not shown.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("options", &json(&self.options)).finish_non_exhaustive()
    }
}

impl GuardOptions {
    /// The defaults.
    pub fn new() -> GuardOptions {
        GuardOptions::default()
    }

    /// From one check to the next, 20 ms to 1 h, a tenth more or less (5 s). A revocation is noticed that late.
    pub fn interval(self, interval: Duration) -> GuardOptions {
        self.set("interval_ms", milliseconds(interval))
    }

    /// How old an allow may be, 2 to 1000 intervals (3 intervals). So long the program goes on without the authority.
    pub fn max_age(self, age: Duration) -> GuardOptions {
        self.set("max_age_ms", milliseconds(age))
    }

    /// An option by the name that it has in machineid.h, for those that are newer than this crate.
    pub fn set(mut self, name: &str, value: Value) -> GuardOptions {
        set(&mut self.0, name, value);
        self
    }

    pub(crate) fn json(&self) -> String {
        json(&self.0)
    }
}

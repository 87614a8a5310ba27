//! The types refuse a decision as a condition.
use machineid::Client;

pub fn work() {}

pub fn conditions(client: &Client) {
    if client.validate("never") { work() } // refused
    if !client.validate("never") { return } // refused
    while client.validate("never") { work() } // refused
    let _ = client.validate("never") && true; // refused
    if client.require("never") { work() } // refused
    let _ = client.validate(None); // refused
    if client.allows("never") { work() }
    if client.validate("never").allowed { work() }
}

fn main() {}

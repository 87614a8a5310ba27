//! The types refuse an answer or a guard as a condition, and what is no device. Each line that ends with "refused" must
//! not compile, and each other line must.
use machineid::{Client, Guard};

pub fn work() {}

pub fn conditions(client: &Client, guard: &Guard) {
    if client.validate("never") { work() } // refused
    if !client.validate("never") { return } // refused
    while client.validate("never") { work() } // refused
    let _ = client.validate("never") && true; // refused
    if client.validate("never").unwrap() { work() } // refused
    if client.validate_many(&["never"]) { work() } // refused
    if !client.validate_many(&["never"]) { return } // refused
    if client.guard("never") { work() } // refused
    if client.register("never") { work() } // refused
    if guard { work() } // refused
    while guard.is_allowed { work() } // refused
    if guard.stopped() { work() } // refused
    if client.allows { work() } // refused
    let _ = client.validate(None); // refused
    let _ = client.validate(5); // refused
    let _ = client.validate_many("never"); // refused
    if client.allows("never") { work() }
    if client.validate("never").is_ok() { work() }
    if client.validate_many(&["never"]).all_allowed() { work() }
    while guard.is_allowed() { work() }
}

fn main() {}

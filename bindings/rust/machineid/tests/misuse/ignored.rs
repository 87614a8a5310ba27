//! The compiler warns about an answer that is not used; here the warning is an error. Each line that ends with
//! "refused" has such a warning, and no other line has one.
use machineid::{Client, Guard};

pub fn work() {}

pub fn ignored(client: &Client, guard: &Guard) -> Result<(), machineid::Error> {
    client.validate("never"); // refused
    client.validate("never")?; // refused
    client.allows("never"); // refused
    client.validate_many(&["never"]); // refused
    client.guard("never"); // refused
    client.guard("never")?; // refused
    client.register("never"); // refused
    guard.is_allowed(); // refused
    guard.stopped(); // refused
    let _decision = client.validate("never")?;
    client.register("never")?;
    work();
    Ok(())
}

fn main() {}

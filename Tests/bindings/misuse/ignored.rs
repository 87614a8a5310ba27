//! What the compiler warns of, which is an error here: an answer that nobody looks at.
use machineid::Client;

pub fn work() {}

pub fn ignored(client: &Client) -> Result<(), machineid::Error> {
    client.validate("never"); // refused
    client.allows("never"); // refused
    client.require("never"); // refused
    client.require("never")?;
    work();
    Ok(())
}

fn main() {}

//! The compiler warns about an answer that is not used; here the warning is an error.
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

//! bench package|plain CALLS: calls of the crate, or of ureq. languages.py says what it prints.

use std::time::Instant;
use std::{env, fs};

type Validate = Box<dyn Fn() -> bool>;

fn of_package(url: &str) -> Validate {
    let client = machineid::Client::builder("org_bench").base_url(url).build().expect("a client");
    Box::new(move || client.allows("agent-01"))
}

fn plain(url: &str) -> Validate {
    let (agent, url) = (ureq::Agent::new(), format!("{}/api/v1/devices/validate", url));
    Box::new(move || {
        let request = agent.post(&url).set("x-org-key", "org_bench");
        let reply = request.send_json(ureq::json!({ "deviceId": "agent-01" })).expect("an answer");
        reply.into_json::<serde_json::Value>().expect("JSON")["allowed"] == true
    })
}

fn ask(validate: &Validate, calls: u32) {
    for _ in 0..calls {
        assert!(validate(), "denied");
    }
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("it can be read");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the line");
    line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}

fn main() {
    let url = env::var("MACHINEID_BASE_URL").expect("the authority");
    let words: Vec<String> = env::args().collect();
    let validate = if words[1] == "package" { of_package(&url) } else { plain(&url) };
    let calls: u32 = words[2].parse().expect("a number");
    ask(&validate, calls / 10);
    let (before, start) = (resident(), Instant::now());
    ask(&validate, calls - calls / 10);
    let rate = f64::from(calls - calls / 10) / start.elapsed().as_secs_f64();
    println!("{:.1} {} {}", rate, before, resident());
}

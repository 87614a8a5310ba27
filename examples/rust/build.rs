//! build.rs - tells cargo where libmachineid is, as pkg-config reports it.
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    let found = match Command::new("pkg-config").args(["--libs-only-L", "machineid"]).output() {
        Ok(output) if output.status.success() => output.stdout,
        _ => {
            println!("cargo:warning=pkg-config does not find machineid: install it, or set PKG_CONFIG_PATH");
            return;
        }
    };
    for folder in String::from_utf8_lossy(&found).split_whitespace().filter_map(|flag| flag.strip_prefix("-L")) {
        println!("cargo:rustc-link-search=native={}", folder);
    }
}

//! Finds libmachineid, in this order:
//!
//! 1. the folder `MACHINEID_LIB_DIR`: its libmachineid.so, or libmachineid.a where there is no other;
//! 2. with the feature `vendored`, unless `MACHINEID_NO_VENDOR` is set: the static library in this crate;
//! 3. the library of the system, by pkg-config. `PKG_CONFIG` names another pkg-config.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{exit, Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Documentation needs no library.
    if variable("DOCS_RS").is_some() {
        return;
    }
    let no_vendor = variable("MACHINEID_NO_VENDOR").map_or(false, |value| value != "0");
    if let Some(folder) = variable("MACHINEID_LIB_DIR") {
        link_folder(Path::new(&folder));
    } else if env::var_os("CARGO_FEATURE_VENDORED").is_some() && !no_vendor {
        link_vendored();
    } else {
        link_system();
    }
}

/// An environment variable that the build depends on; None where it is empty.
fn variable(name: &str) -> Option<String> {
    println!("cargo:rerun-if-env-changed={}", name);
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Ends the build with one line that says what is wrong, and what to do.
fn fail(what: &str) -> ! {
    eprintln!("machineid-sys: {}", what);
    exit(1)
}

/// What cargo says about the target: its operating system, processor or C library.
fn target(part: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{}", part)).unwrap_or_default()
}

fn link_folder(folder: &Path) {
    println!("cargo:rustc-link-search=native={}", folder.display());
    if folder.join("libmachineid.so").exists() {
        println!("cargo:rustc-link-lib=dylib=machineid");
    } else if folder.join("libmachineid.a").exists() {
        link_static();
    } else {
        fail(&format!(
            "MACHINEID_LIB_DIR is {}, which has neither libmachineid.so nor libmachineid.a",
            folder.display()
        ));
    }
}

fn link_vendored() {
    let arch = match target("ARCH").as_str() {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        _ => "",
    };
    let libc = match target("ENV").as_str() {
        "gnu" => "glibc",
        "musl" => "musl",
        _ => "",
    };
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = manifest.join("lib").join(format!("{}-{}", arch, libc));
    println!("cargo:rerun-if-changed={}", folder.display());
    if target("OS") != "linux" || !folder.join("libmachineid.a").exists() {
        fail(&format!(
            "this crate has no library for {}; build libmachineid for it and set MACHINEID_LIB_DIR to its folder, \
             or use the library of the system with MACHINEID_NO_VENDOR=1",
            env::var("TARGET").unwrap_or_default()
        ));
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
    link_static();
}

/// Links libmachineid.a and what it needs of the C library. A C library before glibc 2.34 keeps threads and the loader
/// in libraries of their own; musl has everything in one.
fn link_static() {
    println!("cargo:rustc-link-lib=static=machineid");
    if target("ENV") == "gnu" {
        println!("cargo:rustc-link-lib=dylib=pthread");
        println!("cargo:rustc-link-lib=dylib=dl");
    }
}

fn link_system() {
    let pkg_config = variable("PKG_CONFIG").unwrap_or_else(|| "pkg-config".to_string());
    let sysroot = variable("PKG_CONFIG_SYSROOT_DIR").or_else(|| variable("PKG_CONFIG_ALLOW_CROSS"));
    variable("PKG_CONFIG_PATH");
    if env::var("HOST") != env::var("TARGET") && sysroot.is_none() {
        fail("pkg-config knows the libraries of this machine and not of the target; set MACHINEID_LIB_DIR");
    }
    let remedy = "install libmachineid with its pkg-config file, set MACHINEID_LIB_DIR, or use the feature vendored";
    let output = match Command::new(&pkg_config).args(["--libs", "machineid >= 0.1.0"]).output() {
        Ok(output) => output,
        Err(error) => fail(&format!("{} does not run ({}); {}", pkg_config, error, remedy)),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        fail(&format!("{}; {}", said.trim().replace('\n', " "), remedy));
    }
    let mut named = false;
    for word in String::from_utf8_lossy(&output.stdout).split_whitespace() {
        if let Some(folder) = word.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={}", folder);
        } else if let Some(library) = word.strip_prefix("-l") {
            println!("cargo:rustc-link-lib=dylib={}", library);
            named = true;
        }
    }
    if !named {
        fail(&format!("{} --libs machineid names no library; {}", pkg_config, remedy));
    }
}

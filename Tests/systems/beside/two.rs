//! two.rs - what two.c does, on one thread, in Rust. With `--cfg bare` it uses no standard library, for systems that
//! this Rust has none for.
#![cfg_attr(bare, no_std, no_main)]
#![allow(non_camel_case_types)]
use core::ptr::{null, null_mut};

// As C has them on 64-bit Linux, on amd64.
type c_char = i8;
type c_int = i32;
type c_long = i64;
enum c_void {}

const CURLOPT_URL: c_int = 10002;
const CURLOPT_CAINFO: c_int = 10065;
const CURLOPT_NOBODY: c_int = 44;
const ROUNDS: usize = 50;

extern "C" {
    fn curl_global_init(flags: c_long) -> c_int;
    fn curl_easy_init() -> *mut c_void;
    fn curl_easy_setopt(easy: *mut c_void, option: c_int, ...) -> c_int;
    fn curl_easy_perform(easy: *mut c_void) -> c_int;
    fn curl_easy_cleanup(easy: *mut c_void);
    fn curl_version() -> *const c_char;
    fn mid_client_from_env(options: *const c_char, client: *mut *mut c_void, json: *mut *mut c_char) -> c_int;
    fn mid_register(client: *mut c_void, device: *const c_char, json: *mut *mut c_char) -> c_int;
    fn mid_validate(client: *mut c_void, device: *const c_char, allowed: *mut c_int, json: *mut *mut c_char) -> c_int;
    fn mid_client_free(client: *mut c_void);
    fn mid_build_info() -> *const c_char;
    fn getenv(name: *const c_char) -> *const c_char;
    fn puts(text: *const c_char) -> c_int;
}

/// Returns the exit status. The variables ASK_URL and SSL_CERT_FILE take the place of the arguments of two.c.
unsafe fn two() -> c_int {
    let device = b"agent-01\0".as_ptr().cast();
    let (mut client, mut answered) = (null_mut(), 0);
    let easy = if curl_global_init(3) == 0 { curl_easy_init() } else { null_mut() };
    if easy.is_null() || mid_client_from_env(null(), &mut client, null_mut()) != 0 {
        return 2;
    }
    let url = getenv(b"ASK_URL\0".as_ptr().cast());
    let file = getenv(b"SSL_CERT_FILE\0".as_ptr().cast());
    if curl_easy_setopt(easy, CURLOPT_URL, url) != 0
        || curl_easy_setopt(easy, CURLOPT_CAINFO, file) != 0
        || curl_easy_setopt(easy, CURLOPT_NOBODY, 1 as c_long) != 0
        || mid_register(client, device, null_mut()) != 0
    {
        return 2;
    }
    puts(curl_version());
    puts(mid_build_info());
    for _ in 0..ROUNDS {
        let mut allowed = 0;
        if curl_easy_perform(easy) == 0 && mid_validate(client, device, &mut allowed, null_mut()) == 0 && allowed == 1 {
            answered += 1;
        }
    }
    mid_client_free(client);
    curl_easy_cleanup(easy);
    if answered == ROUNDS { 0 } else { 1 }
}

#[cfg(not(bare))]
fn main() {
    std::process::exit(unsafe { two() })
}

#[cfg(bare)]
#[no_mangle]
pub unsafe extern "C" fn main() -> c_int {
    two()
}

#[cfg(bare)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

/// The core library, which was compiled to unwind, names this function. Nothing here unwinds.
#[cfg(bare)]
#[no_mangle]
pub extern "C" fn rust_eh_personality() {}

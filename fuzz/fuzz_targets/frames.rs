//! Frames of clients with different rights, against a server in this process.
//!
//! Each frame is answered once at most, and what the clients may not change stays as it is; a panic anywhere ends the run.
//! From the folder of the project:
//!
//! ```sh
//! cargo install cargo-fuzz
//! cargo +nightly fuzz run frames -- -max_total_time=300 -max_len=4000
//! ```

#![no_main]

#[path = "../../crates/server/tests/it/clients/frames/property.rs"]
mod property;
#[path = "../../crates/server/tests/it/clients/frames/words.rs"]
mod words;

mod server;

use libfuzzer_sys::fuzz_target;
use property::World;
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio::runtime::Runtime;

struct Target {
    runtime: Runtime,
    world: Mutex<World>,
}

/// Starts the server once; it lives as long as the process.
fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let (runtime, address) = server::start();
        let world = runtime.block_on(World::make(address, server::APP, server::key(), "administrator"));
        Target { runtime, world: Mutex::new(world) }
    })
}

fuzz_target!(|input: &[u8]| {
    let target = target();
    let mut world = target.world.lock().unwrap_or_else(PoisonError::into_inner);
    target.runtime.block_on(world.check(input));
});

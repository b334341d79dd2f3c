//! Faults with real processes: killed under load, a disk that fails or is full, a bad start, an ordered end.
//!
//! What was acknowledged is there afterwards, complete; what was not is there completely or not at all.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod check;
mod copy;
mod disk;
mod end;
mod kill;
mod load;
mod server;
mod start;

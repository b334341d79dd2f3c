//! Faults with real processes: killed under load, a disk that fails or is full, a bad start, an ordered end.
//!
//! What was acknowledged is there afterwards, complete; what was not is there completely or not at all.

#![cfg(target_os = "linux")]

mod check;
mod disk;
mod end;
mod kill;
mod load;
mod server;
mod start;

//! The operations on people, one in each file.

pub mod set_mute;
pub mod set_portrait;

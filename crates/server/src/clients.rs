//! The connections of clients, and what they are told.

#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "servers tell each other nothing before clients connect")
)]
pub(crate) mod bus;

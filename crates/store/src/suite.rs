//! The suite both stores pass.

//! Writes a neutral file in the formats of others.

mod held;
mod lost;
mod marks;
pub mod mattermost;
mod names;
mod place;
mod said;
pub mod stream;

#[cfg(test)]
mod tests;

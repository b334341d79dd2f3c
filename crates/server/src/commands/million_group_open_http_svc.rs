//! The service of topics.

pub mod create_topic;

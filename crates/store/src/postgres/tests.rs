//! The PostgreSQL store by itself.

//! Commands of our own, for tools that import. The imitated service has no such commands; these keep its calling
//! convention. [choice]

pub mod get_limits;

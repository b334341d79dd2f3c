//! `landfall store distribute`: spreads the tables of the PostgreSQL store over a Citus cluster.

use crate::config::StoreUrl;
use landfall_store::postgres::{self, DistributeError, Distributed};

/// Why a store was not distributed. No text quotes an address, which can hold a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreDistributeError {
    /// An address that names no database.
    #[error("--url {0}")]
    Url(String),
    /// The database was not distributed.
    #[error("the store was not distributed")]
    Distribute(#[from] DistributeError),
}

/// Distributes the store at the address `url`. Gives what there is to say at the end.
///
/// # Errors
/// It is no PostgreSQL, it has no Citus, or Citus refused.
pub async fn distribute(url: &str) -> Result<String, StoreDistributeError> {
    match StoreUrl::parse(url).map_err(StoreDistributeError::Url)? {
        StoreUrl::Postgres(settings) => Ok(report(&postgres::distribute(&settings).await?)),
        StoreUrl::Embedded(_) => {
            let text = "must be postgres://USER:PASSWORD@HOST/DATABASE: only that store can be distributed";
            Err(StoreDistributeError::Url(text.to_owned()))
        }
    }
}

fn report(tables: &[Distributed]) -> String {
    let line = |Distributed { table, key, before }: &Distributed| {
        let done = if *before { "was distributed before" } else { "is now distributed" };
        format!("{table:<24} {done} by {key}\n")
    };
    tables.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_database_can_be_distributed() {
        for url in ["embedded:./data", "mysql://ann:secret@db/chat"] {
            let refused = distribute(url).await.unwrap_err();
            let StoreDistributeError::Url(text) = &refused else { panic!("{refused}") };
            assert!(text.contains("postgres://") && !refused.to_string().contains("secret"), "{refused}");
        }
    }

    #[test]
    fn each_table_is_told() {
        let table = |before| Distributed { table: "landfall.groups", key: "group_id", before };
        assert_eq!(
            report(&[table(false), table(true)]),
            "landfall.groups          is now distributed by group_id\n\
             landfall.groups          was distributed before by group_id\n"
        );
    }
}

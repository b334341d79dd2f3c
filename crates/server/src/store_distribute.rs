//! `landfall store distribute`: spreads the tables of the PostgreSQL store over a Citus cluster.

use crate::config::StoreUrl;
use landfall_store::postgres::{self, DistributeError, Distributed};

/// The reason why a store was not distributed. No text quotes a URL, which can hold a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreDistributeError {
    /// A URL that does not name a database.
    #[error("--url {0}")]
    Url(String),
    #[error("the store was not distributed")]
    Distribute(#[from] DistributeError),
}

/// Distributes the store at `url`, its tables in so many parts. Returns a report.
///
/// # Errors
/// It is not a PostgreSQL store, it has no Citus, or Citus refused.
pub async fn distribute(url: &str, shards: u16) -> Result<String, StoreDistributeError> {
    match StoreUrl::parse(url).map_err(StoreDistributeError::Url)? {
        StoreUrl::Postgres(settings) => Ok(report(&postgres::distribute(&settings, shards).await?)),
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
            let refused = distribute(url, postgres::SHARDS_DEFAULT).await.unwrap_err();
            let StoreDistributeError::Url(text) = &refused else { panic!("{refused}") };
            assert!(text.contains("postgres://") && !refused.to_string().contains("secret"), "{refused}");
        }
    }

    #[test]
    fn each_table_is_reported() {
        let table = |before| Distributed { table: "landfall.groups", key: "group_id", before };
        assert_eq!(
            report(&[table(false), table(true)]),
            "landfall.groups          is now distributed by group_id\n\
             landfall.groups          was distributed before by group_id\n"
        );
    }
}

use super::Embedded;
use crate::StoreMetrics;
use tempfile::TempDir;

mod suite {
    use super::*;

    async fn open() -> (Embedded, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (Embedded::open(dir.path(), StoreMetrics::default()).unwrap(), dir)
    }

    crate::suite::store_suite!(super::open);
}

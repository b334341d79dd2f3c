use super::{compare, pulled, records};
use crate::stand_in::{StandIn, Troubles};
use landfall_migrate::format::{Record, Writer};
use landfall_migrate::import::ImportOptions;
use proptest::prelude::*;
use std::path::Path;

fn write(path: &Path, records: &[Record]) {
    let mut writer = Writer::create(path).unwrap();
    for record in records {
        writer.write(record).unwrap();
    }
    writer.finish().unwrap();
}

async fn round_trip(records: Vec<Record>, troubles: Troubles) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    write(&file, &records);
    let server = StandIn::start(troubles, crate::landfall()).await;
    let report = crate::import(&file, &server, &ImportOptions::beside(&file)).await;
    assert!(report.finished && report.faults.is_empty(), "{report:?}");
    let (groups, report) = compare(&file, &server).await;
    assert!(report.is_equal() && report.left_out == 0, "{groups:#?}");
    let (exported, _) = pulled(directory.path(), &server).await;
    assert_eq!(records::held(&exported), records::held(&records));
    // What was exported is a file that can be compared, too, and has the same hashes.
    let (_, again) = compare(&directory.path().join("export.jsonl"), &server).await;
    assert!(again.is_equal() && again.left_out == 0, "{again:?}");
    assert_eq!((again.hash, again.messages), (report.hash, report.messages));
}

fn run(records: Vec<Record>, troubles: Troubles) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(round_trip(records, troubles));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_imported_is_equal_and_comes_out_as_it_went_in(records in records::file()) {
        run(records, Troubles::default());
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn it_does_so_through_all_troubles(records in records::file(), seed in 1_u64..1_000) {
        run(records, Troubles::new(seed, 100));
    }
}

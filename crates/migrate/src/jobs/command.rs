//! The commands of jobs.

pub(super) const CREATE: &str = "landfall_import_svc/create_job";
pub(super) const UPLOAD: &str = "landfall_import_svc/upload";
pub(super) const START: &str = "landfall_import_svc/start_job";
pub(super) const PAUSE: &str = "landfall_import_svc/pause_job";
pub(super) const GET: &str = "landfall_import_svc/get_job";
pub(super) const RECEIPTS: &str = "landfall_import_svc/get_receipts";
pub(super) const UNDO: &str = "landfall_import_svc/undo_job";

/// Seconds that a call for the state of a job may wait for its end.
pub(super) const WAIT_SECONDS: u64 = 1;

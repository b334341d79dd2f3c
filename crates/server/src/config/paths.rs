//! Paths in a configuration: relative ones in its file start at the folder of the file, those in variables where the program
//! was started.

use super::StoreUrl;
use super::section::Item;
use landfall_store::embedded;
use std::path::{Path, PathBuf};

/// The path written as `text`.
///
/// # Errors
/// The problem with it, which does not quote it.
pub(super) fn written(text: &str) -> Result<PathBuf, String> {
    let problem = if text.is_empty() {
        "must be a path"
    } else if text.trim() != text {
        "must not begin or end with white space"
    } else if text == "~" || text.starts_with("~/") {
        "must not begin with ~, which only a shell replaces; write the whole path"
    } else {
        return Ok(PathBuf::from(text));
    };
    Err(problem.to_owned())
}

/// The path in `item`; a problem with it is recorded.
pub(super) fn path(item: &Item<'_>) -> Option<PathBuf> {
    let written = written(item.text()?);
    written.map(|path| item.folder().join(path)).map_err(|problem| item.refuse(problem)).ok()
}

/// Explains to which folder a path is relative.
pub(super) fn lead_from(folder: &Path) -> String {
    format!("; relative paths lead from {}", whole(folder).display())
}

/// The store at `url`, whose relative paths start at `folder`.
///
/// # Errors
/// There is none, but one where earlier versions would look, or beside the configuration: a new one would look as if all data
/// were lost.
pub(super) fn store(url: StoreUrl, folder: &Path) -> Result<StoreUrl, String> {
    let written = match url {
        StoreUrl::Postgres(settings) => return Ok(StoreUrl::Postgres(Box::new(settings.within(folder)))),
        StoreUrl::Embedded(written) => written,
    };
    let here = folder.join(&written);
    if embedded::exists(&here) {
        return Ok(StoreUrl::Embedded(here));
    }
    // In earlier versions relative paths started at the current directory, and quickstart wrote absolute ones, which a moved
    // folder leaves behind.
    let beside = written.file_name().map(|name| folder.join(name));
    match [Some(written), beside].into_iter().flatten().find(|there| embedded::exists(there)) {
        None => Ok(StoreUrl::Embedded(here)),
        Some(there) => {
            let (here, there) = (whole(&here), whole(&there));
            let (here, there) = (here.display(), there.display());
            Err(format!(
                "leads to {here}, where there is no store, but there is one in {there}: \
                 name it as embedded:{there}, move it, or begin anew in a directory of another name \
                 (relative paths lead from the folder of the configuration file)"
            ))
        }
    }
}

fn whole(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

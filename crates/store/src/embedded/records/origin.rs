//! Where a group came from, as the embedded store keeps it.

use super::{Damaged, VERSION, encode};
use landfall_domain::origin::{JobId, Origin, Provenance, Seal};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Behind it are the jobs that added to the group, 8 bytes each; most groups have none.
#[derive(Serialize, Deserialize)]
struct OriginRecord<'text> {
    job: u64,
    src: &'text str,
    key: &'text str,
    digest: &'text str,
    carried: &'text [u8],
    brought: u64,
    seal: u64,
}

pub(in crate::embedded) fn encode_origin(provenance: &Provenance) -> Vec<u8> {
    let Provenance { origin, brought, seal, added } = provenance;
    let mut value = encode(&OriginRecord {
        job: origin.job.0,
        src: &origin.src,
        key: &origin.key,
        digest: &origin.digest,
        carried: &origin.carried,
        brought: brought.0,
        seal: seal.0,
    });
    added.iter().for_each(|job| value.extend_from_slice(&job.0.to_le_bytes()));
    value
}

pub(in crate::embedded) fn decode_origin(bytes: &[u8]) -> Result<Provenance, Damaged> {
    const WHAT: Damaged = Damaged("origin of a group");
    let Some((&VERSION, rest)) = bytes.split_first() else { return Err(WHAT) };
    let (record, added): (OriginRecord<'_>, _) = postcard::take_from_bytes(rest).map_err(|_| WHAT)?;
    let (added, []) = added.as_chunks() else { return Err(WHAT) };
    let origin = Origin {
        job: JobId(record.job),
        src: record.src.to_owned(),
        key: record.key.to_owned(),
        digest: record.digest.to_owned(),
        carried: record.carried.to_vec(),
    };
    let added = added.iter().map(|job| JobId(u64::from_le_bytes(*job))).collect();
    Ok(Provenance { origin, brought: Timestamp(record.brought), seal: Seal(record.seal), added })
}

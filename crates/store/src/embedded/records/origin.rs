//! Where a group came from, as the embedded store keeps it.

use super::{Damaged, decode, encode};
use landfall_domain::origin::{JobId, Origin, Provenance, Seal};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

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
    let Provenance { origin, brought, seal } = provenance;
    encode(&OriginRecord {
        job: origin.job.0,
        src: &origin.src,
        key: &origin.key,
        digest: &origin.digest,
        carried: &origin.carried,
        brought: brought.0,
        seal: seal.0,
    })
}

pub(in crate::embedded) fn decode_origin(bytes: &[u8]) -> Result<Provenance, Damaged> {
    let record: OriginRecord<'_> = decode(bytes, "origin of a group")?;
    let origin = Origin {
        job: JobId(record.job),
        src: record.src.to_owned(),
        key: record.key.to_owned(),
        digest: record.digest.to_owned(),
        carried: record.carried.to_vec(),
    };
    Ok(Provenance { origin, brought: Timestamp(record.brought), seal: Seal(record.seal) })
}

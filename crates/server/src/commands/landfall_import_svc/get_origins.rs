//! `landfall_import_svc/get_origins`: says of up to 20 groups which job brought them in, and what its file had of them that
//! no other command answers.

use super::list_of;
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::field::Field;
use crate::jobs::name_of;
use crate::reply::Failure;
use landfall_domain::bulk::BroughtGroup;
use landfall_domain::ids::GroupId;
use landfall_domain::origin::Origin;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Groups of one call.
const GROUPS_MAX: usize = 20;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id_list: Field<Vec<Field<String>>>,
}

/// One row for each requested group that a job brought in, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    origin_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_id: String,
    job_id: String,
    src: String,
    key: String,
    /// Unix seconds.
    import_time: u64,
    /// 1 when somebody has touched the group since.
    touched: u8,
    /// What the file had and no row of the group holds, as the importing tool wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<Box<RawValue>>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/get_origins";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let groups = list_of(self.group_id_list, "GroupIdList", GROUPS_MAX, GroupId::parse)?;
        let brought = call.jobs()?.brought_groups(call.app_id(), groups.clone()).await?;
        let rows = groups.into_iter().zip(brought).filter_map(|(group, brought)| Some((group, brought?)));
        let rows = rows.map(|(group, brought)| row(&group, brought)).collect::<Result<_, _>>();
        Ok(Reply { origin_list: rows.map_err(|error| Code::GroupInternal.internal(error))? })
    }
}

fn row(group: &GroupId, brought: BroughtGroup) -> Result<Row, serde_json::Error> {
    let Origin { job, src, key, carried, .. } = brought.provenance.origin;
    Ok(Row {
        group_id: group.to_string(),
        job_id: name_of(job),
        src,
        key,
        import_time: brought.provenance.brought.0,
        touched: brought.touched.into(),
        carried: if carried.is_empty() { None } else { Some(serde_json::from_slice(&carried)?) },
    })
}

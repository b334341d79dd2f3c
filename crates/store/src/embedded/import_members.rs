//! Importing members into a group.

use super::changes::Decided;
use super::records::Damaged;
use super::rows::Rows as _;
use super::tx::Tx;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::GroupId;
use landfall_domain::import::{self, ImportMembersRefusal, MemberOutcome, Standing};
use landfall_domain::member::Member;
use landfall_domain::new_group::NewMember;

pub(super) fn import_members(
    tx: &mut Tx<'_>,
    context: Context,
    id: &GroupId,
    members: &[NewMember],
) -> Decided<Vec<MemberOutcome>, ImportMembersRefusal> {
    let app = context.app;
    let Some(mut row) = tx.group_row(app, id)? else {
        return Ok(Err(ImportMembersRefusal::NoSuchGroup));
    };
    // An imported group begins with its owner alone, so this and the next calls need not look up each member.
    if row.group.member_count <= u32::from(row.owner.is_some()) {
        tx.add_group_without_members(app, id);
    }
    let standings = members
        .iter()
        .map(|member| {
            let account = &member.account;
            let joined = match &row.owner {
                Some(owner) if owner.account == *account => Some(owner.joined),
                Some(_) | None => tx.present_member(app, id, account)?.map(|member| member.joined),
            };
            Ok(Standing { known: tx.account_exists(app, account)?, joined })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let change = match import::import_members(&row.group, members, &standings, context.unknown, context.now) {
        Ok(change) => change,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for (account, joined) in change.earlier {
        match &mut row.owner {
            Some(owner) if owner.account == account => {
                owner.joined = joined;
                tx.put_group(app, &row);
            }
            Some(_) | None => {
                let member = tx.present_member(app, id, &account)?.ok_or(Damaged("member"))?;
                tx.put_member_row(app, id, &Member { joined, ..member });
            }
        }
    }
    if !change.added.is_empty() {
        tx.put_placeholders(app, &change.placeholders, context.now);
        for member in &change.added {
            tx.put_member(app, &row.group, member);
        }
        row.group.member_count += u32::try_from(change.added.len()).unwrap_or(u32::MAX);
        tx.put_group(app, &row);
    }
    Ok(Ok(change.outcomes))
}

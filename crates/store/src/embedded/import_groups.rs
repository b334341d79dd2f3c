//! Importing and creating groups.

use super::changes::Decided;
use super::outbox;
use super::records::GroupRow;
use super::rows::Rows as _;
use super::tx::Tx;
use landfall_domain::context::Context;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::{self, CreatedGroup, NewGroup, NewGroupRefusal};
use landfall_domain::outbox::{Lane, OutboxEntry, entries_of_created};
use landfall_domain::subscribers::Subscribers;

pub(super) fn import_group(
    tx: &mut Tx<'_>,
    context: Context,
    import: NewGroup,
) -> Decided<GroupId, NewGroupRefusal> {
    insert_new_group(tx, context, import, |_| Vec::new())
}

/// Creates a group, and notifies subscribers of it.
pub(super) fn create_group(
    tx: &mut Tx<'_>,
    context: Context,
    new: NewGroup,
    subscribers: &dyn Subscribers,
) -> Decided<GroupId, NewGroupRefusal> {
    insert_new_group(tx, context, new, |created| entries_of_created(subscribers, created))
}

fn insert_new_group(
    tx: &mut Tx<'_>,
    context: Context,
    new: NewGroup,
    entries: impl FnOnce(&CreatedGroup) -> Vec<OutboxEntry>,
) -> Decided<GroupId, NewGroupRefusal> {
    let app = context.app;
    let mut attempt = 0;
    let id = loop {
        let Some(candidate) = new.id.candidate(new.kind, attempt) else {
            return Ok(Err(NewGroupRefusal::IdTaken));
        };
        if !tx.group_exists(app, &candidate)? {
            break candidate;
        }
        attempt += 1;
    };
    let position = tx.counters(app)?.last_position + 1;
    let known = |account: &UserId| tx.account_exists(app, account);
    let created = match new_group::new_group(new, id, position, context.unknown, context.now, known)? {
        Ok(created) => created,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let counters = tx.counters(app)?;
    counters.last_position = position;
    counters.groups[usize::from(created.group.kind.code())] += 1;
    tx.put_placeholders(app, &created.placeholders, context.now);
    let entries = entries(&created);
    let (owner, others): (Vec<_>, Vec<_>) =
        created.members.into_iter().partition(|member| member.role == Role::Owner);
    let row = GroupRow { group: created.group, owner: owner.into_iter().next() };
    tx.put_group(app, &row);
    tx.put_listed(app, &row.group);
    if let Some(owner) = &row.owner {
        tx.put_joined(app, &row.group, &owner.account);
    }
    for member in &others {
        tx.put_member(app, &row.group, member);
    }
    outbox::append(tx, context, &Lane::Group(row.group.id.clone()), entries)?;
    Ok(Ok(row.group.id))
}

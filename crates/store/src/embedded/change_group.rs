//! Performing an operation on one group within a batch: what it needs is loaded, and what it decides is written.

use super::keys::{self, Sweep};
use super::message_pages::{pages, record_days};
use super::outbox;
use super::recent::Mark;
use super::records::GroupRow;
use super::rows::Rows as _;
use super::snapshots;
use super::sweep;
use super::tx::Tx;
use crate::messages::day;
use crate::parts::{self, topic_of};
use landfall_domain::changes::Changes;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::operation::{DynOperation, Outcome};
use landfall_domain::outbox::Lane;
use std::ops::Bound;

/// Performs an operation on one group within a batch.
pub(super) fn change(
    tx: &mut Tx<'_>,
    context: Context,
    operation: &dyn DynOperation,
) -> Result<(), StoreError> {
    let Some(row) = tx.group_row(context.app, operation.group())? else {
        operation.decide(&context, None);
        return Ok(());
    };
    let needs = operation.needs(&context, &row.group);
    let before = row.clone();
    let snapshot = snapshots::load(tx, context.app, row, needs)?;
    match operation.decide(&context, Some(snapshot)) {
        Some(Outcome { changes, outbox: entries }) => {
            let lane = Lane::Group(before.group.id.clone());
            write(tx, context, before, changes)?;
            outbox::append(tx, context, &lane, entries)
        }
        None => Ok(()),
    }
}

/// Writes the changes that an operation decided on. `before` is the group until then.
pub(super) fn write(
    tx: &mut Tx<'_>,
    context: Context,
    before: GroupRow,
    changes: Changes,
) -> Result<(), StoreError> {
    let app = context.app;
    // All reads come before the first write, so that a failure leaves nothing behind.
    let pages = pages(tx, app, &before.group.id, &changes.updated_messages, &changes.new_messages)?;
    let Changes {
        group,
        added_members,
        updated_members,
        removed_members,
        placeholders,
        parts,
        new_messages,
        updated_messages,
        removed_families,
        cleared_topics,
    } = changes;
    let after = group.unwrap_or_else(|| before.group.clone());
    let id = after.id.clone();
    let mut budget = sweep::ROWS_PER_BATCH;
    for family in removed_families {
        let (Bound::Included(start), _) = snapshots::family_keys(app, &id, &family) else { continue };
        sweep::begin(tx, Sweep::Parts(app, id.clone(), start), &mut budget)?;
    }
    for topic in cleared_topics {
        for name in parts::of_messages(&topic) {
            sweep::begin(tx, Sweep::Parts(app, id.clone(), keys::part(app, &id, &name)), &mut budget)?;
        }
        sweep::begin(tx, Sweep::Messages(app, id.clone(), topic.to_string()), &mut budget)?;
    }
    tx.put_placeholders(app, &placeholders, context.now);
    let mut owner = before.owner.clone().filter(|owner| Some(&owner.account) == after.owner.as_ref());
    for member in updated_members {
        if Some(&member.account) == after.owner.as_ref() {
            if !before.is_owned_by(&member.account) {
                tx.remove_member_row(app, &id, &member.account);
            }
            owner = Some(member);
        } else {
            tx.put_member_row(app, &id, &member);
        }
    }
    for account in &removed_members {
        tx.remove_member(app, &id, account);
    }
    for member in &added_members {
        tx.put_member(app, &after, member);
    }
    for (key, part) in parts {
        tx.put_part(app, &id, &key, part.as_ref());
    }
    pages.into_iter().for_each(|(key, page)| tx.put_row(key, page));
    let log = &before.group.log;
    let recorded = (log.first_kept < log.next_seq).then(|| day(log.last_message));
    record_days(app, &id, recorded, &new_messages, |key| tx.put_row(key, Vec::new()));
    for (conversation, message) in new_messages.iter().chain(&updated_messages) {
        let mark = Mark::group(app, &id, topic_of(conversation), message.random);
        tx.existence().messages.add(mark, message.sent, context.now);
    }
    let row = GroupRow { group: after, owner };
    if row != before {
        tx.put_group(app, &row);
    }
    Ok(())
}

//! The suite and the model against two servers over one database that take turns.

use super::*;
use crate::suite::forwarding::{Forwarding, Route};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which server imports the groups of an app.
#[derive(Clone, Copy, PartialEq)]
enum Imports {
    /// Each in turn.
    ByTurns,
    /// Always the same one of an app: its groups then stand in the list in the order they came.
    ByApp,
}

/// Two servers, of which each call goes to the other one than the call before.
struct Alternating {
    servers: [Postgres; 2],
    imports: Imports,
    calls: AtomicUsize,
}

#[async_trait]
impl Route for Alternating {
    type Store = Postgres;

    fn store(&self) -> &Postgres {
        &self.servers[self.calls.fetch_add(1, Ordering::Relaxed) % 2]
    }

    fn store_for_new_group(&self, app: AppId) -> &Postgres {
        match self.imports {
            Imports::ByTurns => self.store(),
            Imports::ByApp => &self.servers[app.0 as usize % 2],
        }
    }
}

async fn alternating(imports: Imports) -> (Forwarding<Alternating>, FreshDatabase) {
    let (servers, database) = two().await;
    (Forwarding(Alternating { servers, imports, calls: AtomicUsize::new(0) }), database)
}

mod suite {
    use super::*;

    async fn two() -> (Forwarding<Alternating>, FreshDatabase) {
        alternating(Imports::ByTurns).await
    }

    // What calls of several servers could spoil for each other, and one case of everything else.
    store_suite! { super::two =>
        accounts {
            deleting_removes_memberships_and_ownership,
            a_kick_outlives_later_imports,
        }
        groups {
            a_group_reads_back_with_every_field,
            of_many_imports_of_one_id_exactly_one_succeeds,
            destroying_leaves_nothing_and_frees_the_id,
        }
        members {
            each_member_gets_its_own_outcome,
            two_callers_cannot_both_take_the_last_seat,
            concurrent_imports_never_overfill_a_group,
            one_account_joins_once_however_many_import_it,
        }
        concurrency {
            many_groups_of_one_unknown_owner_make_one_account,
            imports_and_dissolutions_of_one_id_alternate,
            members_of_a_group_being_dissolved_do_not_stay,
            no_membership_outlives_its_account,
            no_group_is_owned_by_an_account_that_is_gone,
            concurrent_imports_of_one_account_add_up,
            of_concurrent_removals_one_succeeds,
            calls_with_the_same_names_in_different_orders_all_succeed,
        }
        beside {
            a_reader_beside_writers_sees_only_what_was_so,
        }
        outbox {
            events_are_delivered_in_order,
            refusals_and_imports_leave_the_outbox_empty,
            a_claim_is_exclusive_until_it_expires,
            a_failed_lane_waits_in_order_while_others_go_on,
            dead_letters_are_listed_resent_and_dropped,
            a_lane_with_a_backlog_does_not_starve_the_others,
            concurrent_claims_deliver_each_entry_once,
        }
        whole {
            a_whole_group_reads_back_with_everything_in_it,
            groups_come_in_once_however_often_they_are_sent,
            of_concurrent_imports_each_group_comes_in_once,
            undo_takes_out_what_a_job_brought_and_nothing_else,
            a_dissolved_group_is_no_longer_of_its_job,
        }
        union {
            a_partial_file_puts_history_before_between_and_behind_what_is_there,
            of_concurrent_unions_none_loses_what_another_brought,
            undo_of_a_later_job_leaves_what_an_earlier_one_brought,
        }
        faulty {
            a_migration_that_repeats_what_failed_ends_like_one_without_failures,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_and_two_servers_answer_like_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = crate::embedded::Embedded::open(dir.path(), StoreMetrics::default()).unwrap();
    let (postgres, _alive) = fresh().await;
    let (servers, _both_alive) = alternating(Imports::ByApp).await;
    crate::suite::model::agree(&[&embedded, &postgres, &servers], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_act_alike_on_both_stores_and_two_servers() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = crate::embedded::Embedded::open(dir.path(), StoreMetrics::default()).unwrap();
    let (postgres, _alive) = fresh().await;
    let (servers, _both_alive) = alternating(Imports::ByApp).await;
    crate::suite::acting::agree(&[&embedded, &postgres, &servers]).await;
}

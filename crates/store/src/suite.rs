//! The suite that every store passes: one answer per operation, whatever the store.
//!
//! A case is an async function over `&dyn Store` on a fresh store. The list in [`store_suite`] makes one test per
//! case, so a store runs all of them by naming the function that opens it.

pub(crate) mod accounts;
pub(crate) mod acting;
pub(crate) mod beside;
pub(crate) mod brought;
mod changes;
pub(crate) mod concurrency;
pub(crate) mod console;
pub(crate) mod copied;
mod deeds;
pub(crate) mod direct;
pub(crate) mod faulty;
pub(crate) mod folders;
mod follow_changes;
pub(crate) mod follows;
pub(crate) mod forwarding;
mod friend_changes;
pub(crate) mod friends;
pub(crate) mod groups;
pub(crate) mod load;
pub(crate) mod members;
pub(crate) mod memory;
pub(crate) mod model;
pub(crate) mod official;
mod official_changes;
pub(crate) mod operation;
pub(crate) mod operations;
mod oracle;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod people_script;
pub(crate) mod rights;
pub(crate) mod scripted;
pub(crate) mod subscribers;
pub(crate) mod survey;
pub(crate) mod union;
pub(crate) mod values;
pub(crate) mod whole;
pub(crate) mod world;

use landfall_domain::account::{AccountImport, UnknownAccounts};
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::group::{GroupType, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::new_group::{IdChoice, NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::future::{Future, poll_fn};
use std::task::Poll;

/// Makes a test of each case. `$open` is an async function that returns a fresh store and a value that keeps it alive.
macro_rules! store_suite {
    ($open:path) => {
        $crate::suite::store_suite! { $open =>
            accounts {
                importing_again_changes_what_is_given,
                a_placeholder_becomes_an_account_and_keeps_its_age,
                deleting_removes_memberships_and_ownership,
                deleting_a_member_of_very_many_groups_leaves_nothing,
                a_kick_outlives_later_imports,
                a_kick_outlives_the_account_and_the_next_of_its_name,
            }
            load {
                a_load_brings_in_what_imports_do,
                an_empty_load_changes_nothing,
            }
            groups {
                a_group_reads_back_with_every_field,
                a_repeated_import_is_refused_and_changes_nothing,
                of_many_imports_of_one_id_exactly_one_succeeds,
                generated_ids_differ,
                the_list_counts_and_pages_by_type,
                a_place_in_the_list_is_never_given_twice,
                destroying_leaves_nothing_and_frees_the_id,
                destroying_a_very_large_group_leaves_nothing,
                refused_owners_and_members_leave_no_trace,
                apps_are_separate,
            }
            members {
                each_member_gets_its_own_outcome,
                every_field_of_a_member_reads_back,
                members_that_are_there_may_have_joined_earlier,
                two_callers_cannot_both_take_the_last_seat,
                concurrent_imports_never_overfill_a_group,
                one_account_joins_once_however_many_import_it,
                pages_by_join_time_and_by_name_agree,
                refused_members_leave_no_trace,
            }
            operations {
                a_missing_group_is_refused_and_a_refusal_changes_nothing,
                messages_are_read_by_number_by_age_and_by_random_number,
                parts_are_read_in_pages,
                the_owner_changes_and_leaves,
                a_topic_goes_with_everything_below_it,
                very_many_parts_go_at_once,
                concurrent_senders_get_different_numbers,
                destroying_a_group_takes_its_parts_and_messages,
                old_messages_expire_and_young_ones_stay,
                members_of_members_are_found_from_the_account,
            }
            people {
                facts_are_read_by_key_and_in_pages,
                messages_of_two_accounts_are_read_by_place_by_key_and_by_time,
                a_refusal_changes_nothing_and_a_second_look_follows_the_first,
                a_deleted_account_leaves_nothing_with_anybody,
                an_account_with_very_many_conversations_goes_at_once,
                events_of_people_lie_in_the_lanes_of_their_subjects,
                old_messages_of_two_accounts_expire_and_young_ones_stay,
                placeholders_and_accounts_are_written_with_the_rest,
            }
            friends {
                a_friend_reads_back_with_every_field,
                two_who_add_each_other_at_once_are_friends_both_ways,
                a_deleted_account_is_nobodys_friend_and_on_no_blocklist,
                a_blocklist_ends_a_friendship_and_a_request,
            }
            follows {
                those_who_follow_are_listed_and_counted,
                a_deleted_account_follows_nobody_and_counts_nowhere,
                attributes_and_tags_read_back_and_go_with_their_account,
                a_push_is_accepted_once_and_one_server_works_on_it,
            }
            official {
                an_official_account_reads_back_with_every_field,
                two_callers_cannot_both_become_the_last_subscriber,
                a_deleted_account_subscribes_to_nothing,
                a_deleted_official_account_leaves_nothing_with_its_subscribers,
                words_read_back_in_their_order,
            }
            direct {
                messages_count_as_unread_until_they_are_read,
                a_message_comes_once_however_often_it_is_sent,
                senders_side_by_side_get_places_without_a_gap,
            }
            folders {
                conversations_lie_in_folders_up_to_a_limit,
                marks_and_pins_go_with_the_account_they_name,
                extensions_of_a_message_go_when_it_expires,
                an_import_moves_a_conversation_only_when_it_says_so,
            }
            brought {
                what_a_job_brings_in_about_people_is_taken_back,
                a_conversation_with_an_answer_is_kept_unless_forced,
            }
            survey {
                accounts_are_counted_by_app_and_age,
                conversations_of_a_day_are_found_in_pages,
                what_servers_count_at_the_same_time_adds_up,
                files_of_an_hour_are_made_once,
            }
            console {
                users_are_added_changed_and_removed,
                users_have_a_bound,
                sessions_end_by_time_by_number_and_by_wish,
                the_audit_list_is_read_from_its_newest_entry_on,
            }
            values {
                every_text_reads_back,
                the_longest_texts_read_back,
                names_are_compared_byte_by_byte,
                the_largest_numbers_read_back,
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
                a_clock_that_goes_back_hides_nothing,
                a_lane_with_a_backlog_does_not_starve_the_others,
                concurrent_claims_deliver_each_entry_once,
            }
            whole {
                a_whole_group_reads_back_with_everything_in_it,
                groups_come_in_once_however_often_they_are_sent,
                a_refused_group_leaves_nothing_and_stops_no_other,
                staged_messages_are_seen_when_their_group_is_there,
                what_was_staged_and_given_up_does_not_come_back,
                a_large_group_becomes_visible_at_once,
                of_concurrent_imports_each_group_comes_in_once,
                undo_takes_out_what_a_job_brought_and_nothing_else,
                a_dissolved_group_is_no_longer_of_its_job,
                no_membership_of_a_staged_group_outlives_its_account,
                jobs_of_different_apps_are_separate,
            }
            union {
                a_partial_file_puts_history_before_between_and_behind_what_is_there,
                what_differs_stays_or_is_taken_over,
                a_topic_is_united_with_its_marks,
                a_union_with_what_is_there_writes_nothing,
                a_group_that_was_touched_is_kept,
                readers_see_a_union_whole_or_not_at_all,
                of_concurrent_unions_none_loses_what_another_brought,
                members_and_accounts_are_refused_whole,
                a_very_long_history_is_united_where_it_ends,
                undo_of_a_later_job_leaves_what_an_earlier_one_brought,
            }
            faulty {
                a_migration_that_repeats_what_failed_ends_like_one_without_failures,
            }
            model {
                random_operations_answer_like_the_model,
            }
            rights {
                every_cell_of_the_table_is_as_documented,
                permission_groups_decide_by_their_bits,
            }
            acting {
                members_of_every_role_do_only_what_the_table_allows,
            }
        }
    };
    ($open:path => $($topic:ident { $($case:ident,)+ })+) => {
        $(mod $topic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (store, _alive) = $open().await;
                $crate::suite::$topic::$case(&store).await;
            })+
        })+
    };
}
pub(crate) use store_suite;

/// The app of most cases.
pub(crate) const APP: AppId = AppId(1_400_000_001);
/// The time of most calls.
pub(crate) const NOW: Timestamp = Timestamp(2_000);
/// When most groups were made.
const CREATED: Timestamp = Timestamp(1_000);

pub(crate) fn context() -> Context {
    Context { app: APP, now: NOW, unknown: UnknownAccounts::Create }
}

/// A context that refuses accounts that were never imported.
pub(crate) fn refusing() -> Context {
    Context { unknown: UnknownAccounts::Refuse, ..context() }
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn group_id(name: &str) -> GroupId {
    GroupId::parse(name).unwrap()
}

fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

pub(crate) fn account(name: &str, nick: Option<&str>, face_url: Option<&str>) -> AccountImport {
    AccountImport { id: user(name), nick: nick.map(text), face_url: face_url.map(text) }
}

pub(crate) fn member(name: &str) -> NewMember {
    NewMember::new(user(name))
}

/// A public group without members.
pub(crate) fn group(name: &str) -> NewGroup {
    let plain = NewGroup::new(IdChoice::Given(group_id(name)), GroupType::Public, text(name), CREATED);
    NewGroup { profile: Profile { max_members: 10_000, ..plain.profile }, ..plain }
}

pub(crate) fn owned_group(name: &str, owner: &str) -> NewGroup {
    NewGroup { owner: Some(user(owner)), ..group(name) }
}

/// Separates the decision of a rule from an error of the store.
fn answered<T, Refusal>(
    result: Result<T, OperationError<Refusal>>,
) -> Result<Result<T, Refusal>, StoreError> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(OperationError::Refused(refusal)) => Ok(Err(refusal)),
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// The decision of a rule. An error of the store fails the test.
pub(crate) fn decided<T, Refusal>(result: Result<T, OperationError<Refusal>>) -> Result<T, Refusal> {
    answered(result).unwrap_or_else(|error| panic!("the store failed: {error}"))
}

pub(crate) async fn import(store: &dyn Store, import: NewGroup) -> Result<GroupId, NewGroupRefusal> {
    decided(store.import_group(context(), import).await)
}

/// Runs all calls at the same time; their answers in the order of the calls.
pub(crate) async fn at_once<Call: Future>(calls: impl IntoIterator<Item = Call>) -> Vec<Call::Output> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (Box::pin(call), None)).collect();
    poll_fn(|cx| {
        let mut waiting = false;
        for (call, answer) in &mut calls {
            if answer.is_none() {
                match call.as_mut().poll(cx) {
                    Poll::Ready(ready) => *answer = Some(ready),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    calls.into_iter().filter_map(|(_, answer)| answer).collect()
}

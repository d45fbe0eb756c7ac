//! Runs from end to end, on both engines, with a small ingestor. This program is its own jq worker.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test program tells what it does")]

mod configuration;
mod deletion;
mod deliveries;
mod following;
mod hostile;
mod interruption;
mod mapping;
mod remote;
mod rollback;
mod rollback_law;
mod runs;
mod schedule;
mod source;
mod support;

use std::process::ExitCode;
use std::sync::Mutex;

/// Tests at work at the same time.
const AT_ONCE: usize = 4;

type Test = (&'static str, fn());

/// `harness = false`: the first argument says whether this is the worker, or which tests are wanted.
fn main() -> ExitCode {
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if argument.as_deref() == Some("jq-worker") {
        return portolan_foundation::jq::worker_main();
    }
    let wanted = argument.unwrap_or_default();
    let mut tests: Vec<Test> = all().into_iter().filter(|(name, _)| name.contains(&wanted)).collect();
    tests.reverse();
    let (waiting, failed) = (Mutex::new(tests), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((name, test)) = waiting.lock().unwrap().pop() else { return };
                    let passed = std::panic::catch_unwind(test).is_ok();
                    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
                    if !passed {
                        failed.lock().unwrap().push(name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    println!("{} failed: {failed:?}", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

macro_rules! tests {
    ($($module:ident { $($name:ident,)+ })+) => {
        vec![$($((concat!(stringify!($module), "::", stringify!($name)), || support::block_on($module::$name()))),+),+]
    };
}

fn all() -> Vec<Test> {
    tests! {
        runs {
            items_may_point_at_each_other_whatever_their_order,
            a_plan_counts_what_the_commit_does,
            an_unchanged_source_writes_nothing,
            what_two_entries_make_is_merged_in_their_order,
            kinds_fail_by_themselves,
            a_run_that_is_open_is_answered,
            the_log_names_item_and_expression,
            payloads_are_recorded_masked,
        }
        deletion {
            the_guard_stops_a_run_until_it_is_approved,
            only_what_is_its_own_goes,
            what_others_require_stays,
            what_items_point_at_stays,
            dependents_go_along_only_where_nobody_fills_them,
            failed_items_keep_their_blueprints,
        }
        deliveries {
            a_delivery_becomes_an_entity_and_another_deletes_it,
            what_is_not_the_sources_own_is_not_kept,
            there_is_nothing_to_run,
            deliveries_outlive_the_server_and_keep_their_order,
            what_cannot_be_made_of_a_delivery_is_told,
            what_is_sent_again_is_one_delivery,
            deliveries_are_replayed,
            a_delivery_that_stops_the_mapping_keeps_no_other,
            one_that_is_flooded_keeps_no_other_waiting,
            a_flood_is_refused_until_it_is_worked_off,
        }
        following {
            what_is_heard_is_written,
            what_was_forgotten_is_read_once,
            a_run_in_between_undoes_nothing,
            one_server_follows_and_another_goes_on,
        }
        interruption {
            a_commit_that_breaks_off_is_taken_up,
            a_plan_that_breaks_off_is_made_again,
            a_collection_that_breaks_off_ends_failed,
            two_servers_share_the_runs,
            a_server_that_lost_its_lease_writes_nothing,
            runs_are_cancelled,
            a_server_that_stops_leaves_its_commits_to_the_next,
        }
        hostile {
            expressions_that_do_not_compile_cost_a_field,
            wrong_types_fail_their_items,
            an_item_may_make_many_entities_but_not_too_many,
            a_mapping_that_never_ends_is_given_up,
        }
        mapping {
            targets_are_made_or_missed,
            entities_are_merged_or_replaced,
            search_queries_find_what_the_run_makes,
            previews_name_what_fails,
        }
        remote {
            items_from_elsewhere_become_entities,
            only_what_was_read_to_its_end_can_be_gone,
            a_line_that_is_lost_keeps_everything,
            a_client_that_vanishes_deletes_nothing,
            one_request_at_a_time_feeds_one_run,
            remote_runs_are_cancelled,
            the_guard_stops_remote_runs_too,
            what_is_no_mapping_starts_no_run,
        }
        rollback {
            a_run_is_taken_back_and_what_came_after_stays,
            what_stays_points_at_what_stays,
            runs_are_taken_back_newest_first,
            what_wrote_nothing_is_not_taken_back,
            a_rollback_that_breaks_off_goes_on,
        }
        rollback_law {
            whatever_was_done_the_share_of_the_run_is_taken_back,
        }
        schedule {
            a_schedule_starts_runs_until_it_is_taken_away,
        }
        configuration {
            integrations_are_changed_part_by_part,
            integrations_take_their_entities_along_when_told,
            documents_are_applied,
            settings_are_tried,
        }
    }
}

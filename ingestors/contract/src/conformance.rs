//! The suite that every ingestor passes: what `docs/ingestor-contract.md` demands, as tests.
//!
//! For the tests of ingestor crates; the product does not call it. A crate says how its source is reached by
//! implementing [`Peer`] and gets one test a law from [`crate::conformance_tests`]. The source is a real one, or an
//! emulator that the ingestor's authors did not write. The suite puts a [`proxy`] of its own in front of it, which
//! breaks answers and connections on real sockets, and hands the ingestor a client of its own, which counts what passes.
//!
//! Every law panics where it does not hold.

pub mod bench;
pub mod cancellation;
pub mod checking;
pub mod client;
pub mod collecting;
pub mod descriptor;
pub mod failures;
pub mod patience;
pub mod peer;
pub mod proxy;
pub mod recorder;
pub mod schedules;
pub mod secrecy;
pub mod settings;
mod trace;
mod wire;

pub use bench::{Bench, Run};
pub use client::{Client, Refusing};
pub use peer::{Failure, Peer};
pub use proxy::{Deed, Proxy};
pub use recorder::{Line, Record, Recorder};
pub use wire::{Answer, Seen};

/// Makes one test of each law. The argument is an async function without parameters that gives a [`Peer`] (in an
/// `Arc`); it is called once a test. The crate needs `tokio` with its macros.
#[macro_export]
macro_rules! conformance_tests {
    ($peer:path) => {
        $crate::conformance_tests! { @laws $peer;
            descriptor::is_sound,
            settings::good_ones_pass,
            settings::unknown_keys_are_refused,
            settings::secrets_are_not_repeated,
            checking::good_credentials_pass,
            checking::refused_credentials_are_told,
            checking::a_source_out_of_reach_is_told,
            checking::something_else_at_the_address_is_told,
            collecting::every_kind_is_read_in_order,
            collecting::every_request_goes_through_the_context,
            collecting::a_kind_alone_yields_the_same,
            collecting::page_size_changes_nothing,
            collecting::a_checkpoint_loses_nothing,
            collecting::an_unknown_kind_fails_alone,
            collecting::nothing_asked_is_nothing_done,
            collecting::one_ingestor_serves_many_at_once,
            collecting::a_sink_that_waits_is_waited_for,
            collecting::a_sink_that_fails_ends_the_run,
            failures::a_failing_kind_stops_no_other,
            failures::what_is_forbidden_is_told,
            failures::a_list_that_breaks_off_is_not_done,
            failures::nonsense_is_no_empty_list,
            failures::refused_credentials_end_the_run,
            failures::expired_credentials_fail_the_rest,
            failures::a_source_out_of_reach_ends_the_run,
            patience::slowing_down_when_asked_loses_nothing,
            patience::the_asked_pause_is_kept,
            patience::a_pause_too_long_is_not_waited_for,
            patience::tries_are_bounded,
            cancellation::before_the_start,
            cancellation::while_the_source_is_silent,
            cancellation::during_a_pause,
            cancellation::while_the_sink_waits,
            secrecy::nothing_tells_a_secret,
            schedules::few_faults_change_nothing,
            schedules::any_faults_tell_the_truth,
        }
    };
    (@laws $peer:path; $($concept:ident :: $law:ident),+ $(,)?) => {
        $($crate::conformance_tests! { @law $peer; $concept $law })+
    };
    (@law $peer:path; $concept:ident $law:ident) => {
        #[tokio::test]
        async fn $law() {
            $crate::conformance::$concept::$law($peer().await).await;
        }
    };
}

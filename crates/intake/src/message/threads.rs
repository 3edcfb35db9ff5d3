//! Threads and processes that could not be made.

use super::rules::Rule;
use super::statements as s;
use whodenied_kernel::{Call, Errno};

/// A thread with such a policy is refused for the policy.
const REAL_TIME: &[&str] = &["sched_fifo", "sched_rr", "real-time", "realtime"];

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["can't initialize time"]).call(Call::Gettime).errno(Errno::EPERM),
    Rule::refine(&["pthread_create"]).call(Call::Clone).states(s::THREAD_CREATE).without(REAL_TIME),
    Rule::on(&["thread failed to start"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["can't start new thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["unable to create native thread"])
        .call(Call::Clone)
        .states(s::THREAD_CREATE)
        .without(&["heap"]),
    Rule::on(&["unable to create new native thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["failed to create thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["failed to create a thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["thread creation failed"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["can't spawn", "thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["cannot create worker thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["failed to start thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["failed to spawn thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["failed to create new os thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["pthread_create failed"]).call(Call::Clone).states(s::THREAD_CREATE).without(REAL_TIME),
    Rule::on(&["couldn't create thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["could not create thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["unable to create thread"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["failed to create worker threads"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::on(&["uv_thread_create", "assertion"]).call(Call::Clone).states(s::THREAD_CREATE),
    Rule::refine(&["clone3"]).call(Call::Clone).without(&["clone_new"]),
];

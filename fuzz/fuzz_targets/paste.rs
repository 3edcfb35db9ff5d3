#![no_main]
//! Any bytes through the whole pipeline.

mod pipeline;

libfuzzer_sys::fuzz_target!(|data: &[u8]| pipeline::run(data));

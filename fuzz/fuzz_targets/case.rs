#![no_main]
//! Bytes as the text of a saved case, and as the file itself.

mod pipeline;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    pipeline::run(data);
    let text = String::from_utf8_lossy(data);
    let file = serde_json::json!({
        "schema": "whodenied-case/1", "version": "0",
        "evidence": [{"id": 0, "origin": {"kind": "paste", "name": text}, "text": text}],
    });
    pipeline::run(file.to_string().as_bytes());
});

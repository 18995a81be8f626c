#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stagepoort::fuzzing::crl(data));

#![forbid(unsafe_code)]
//! Every check of a codec is seen to fail for the faults that it is meant for.

use std::{collections::BTreeSet, path::PathBuf};

use sse_conformance::{
    codec::{
        Check, Codec, Fault, Faulty, PROPERTIES, Property, Real, bytes_of_seed, check_seeds,
        check_target,
    },
    vectors::run_against,
};

/// So many seeds find every fault with a wide margin.
const SEEDS: u64 = 4000;

/// What a check says about a codec: nothing, or what is wrong.
fn report(check: Check, codec: &dyn Codec) -> Option<String> {
    match check {
        Check::Vectors => {
            let mut out = Vec::new();
            let tally =
                run_against(&[codec], &corpus(), &mut out).expect("a vector can be written to");
            let first = String::from_utf8_lossy(&out)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            (tally.failed > 0).then(|| format!("{} vectors, first {first}", tally.failed))
        }
        Check::Properties => check_seeds(codec, 0..SEEDS).err(),
        Check::Fuzz(target) => {
            (0..SEEDS).find_map(|seed| check_target(target, codec, &bytes_of_seed(seed)).err())
        }
        other => panic!("no way to run {other:?}"),
    }
}

fn corpus() -> Vec<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata"));
    [
        "decode.jsonl",
        "decode-generated.jsonl",
        "encode.jsonl",
        "reconnect.jsonl",
    ]
    .map(|file| folder.join(file))
    .into()
}

#[test]
fn every_fault_is_reported_by_the_checks_meant_for_it() {
    let mut missed = Vec::new();
    for &fault in Fault::ALL {
        for check in fault.meant_for() {
            let name = match check {
                Check::Fuzz(target) => format!("fuzz target {target}"),
                other => format!("{other:?}").to_lowercase(),
            };
            match report(check, &Faulty::new(fault)) {
                Some(_) => println!("fault {}: reported by {name}", fault.name()),
                None => missed.push(format!("fault {}: MISSED by {name}", fault.name())),
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_codec_without_a_fault_passes_every_check() {
    let sound: [&dyn Codec; 3] = [&Faulty::sound(), &Real::Owned, &Real::Borrowed];
    let checks = ["decoder", "round_trip", "encoder", "lint"].map(Check::Fuzz);
    for codec in sound {
        for check in checks
            .into_iter()
            .chain([Check::Vectors, Check::Properties])
        {
            assert_eq!(report(check, codec), None, "{check:?} of {}", codec.name());
        }
    }
}

#[test]
fn every_property_reports_some_fault() {
    let mut toothless: BTreeSet<&str> = PROPERTIES.iter().map(|property| property.name).collect();
    for &fault in Fault::ALL {
        let codec = Faulty::new(fault);
        for Property { name, check, .. } in PROPERTIES {
            if toothless.contains(name)
                && (0..SEEDS).any(|seed| check(&codec, &bytes_of_seed(seed)).is_err())
            {
                println!("property {name}: reports {}", fault.name());
                toothless.remove(name);
            }
        }
    }
    assert!(
        toothless.is_empty(),
        "no fault was reported by {toothless:?}"
    );
}

#[test]
fn the_fuzzing_list_names_every_fault_under_its_target() {
    let listed = include_str!("../../fuzz/faults.txt");
    let listed: BTreeSet<&str> = listed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let mut meant = BTreeSet::new();
    for fault in Fault::ALL {
        for check in fault.meant_for() {
            if let Check::Fuzz(target) = check {
                meant.insert(format!("{target} {}", fault.name()));
            }
        }
    }
    assert_eq!(listed, meant.iter().map(String::as_str).collect());
}

#[test]
fn files_that_hold_no_vector_are_failures() {
    let folder = tempdir();
    for (name, text, failed) in [
        ("empty.jsonl", "", 1),
        ("unknown.jsonl", "{\"name\": \"x\"}\n", 1),
        ("broken.jsonl", "{\"name\": \n\n[]\n7\n", 3),
        ("decode-in-a-file-named-encode.jsonl", DECODE, 0),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let tally = run_against(&[&Faulty::sound()], &[path], &mut Vec::new()).unwrap();
        assert_eq!(tally.failed, failed, "{name}");
    }
    let missing = folder.join("missing.jsonl");
    assert_eq!(
        run_against(&[&Faulty::sound()], &[missing], &mut Vec::new())
            .unwrap()
            .failed,
        1
    );
}

const DECODE: &str = r#"{"name":"one","tags":[],"unknown":1,"chunks_b64":["ZGF0YTogeA0N"],"expect":[{"type":"event","event":"message","data":"x","last_event_id":""}],"final":{"last_event_id":"","retry_ms":null},"comments":[],"dispatched_after_chunk":[1]}"#;

fn tempdir() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("teeth_codec");
    std::fs::create_dir_all(&folder).expect("cargo gives a folder that can be written to");
    folder
}

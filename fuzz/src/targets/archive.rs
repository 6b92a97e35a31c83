//! Chart archives: the bytes as they are, and as the `.tar` inside of a `.tgz`.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use pintle_chart::{Chart, Limits};

use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "archive", run, seeds, words: WORDS, max_len: 4096 };

const WORDS: &[&str] = &[
    "a/Chart.yaml",
    "a/values.yaml",
    "a/templates/t.yaml",
    "a/charts/b/Chart.yaml",
    "a/charts/b.tgz",
    "../",
    "/",
    "C:\\",
    "././@LongLink",
    "ustar",
    "ustar  \0",
    "\u{1f}\u{8b}\u{8}",
    "name: a\nversion: 1.0.0\n",
    "x",
    "g",
    "L",
    "5",
    "2",
    "0000644\0",
    "00000000030\0",
    "30 path=",
    "\0\0\0\0\0\0\0\0",
];

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, text.as_bytes()).expect("memory takes it");
    }
    let mut bytes = tar.into_inner().expect("memory takes it");
    while bytes.len() > 512 && bytes.ends_with(&[0; 512]) {
        bytes.truncate(bytes.len() - 512);
    }
    bytes
}

fn seeds() -> Vec<Vec<u8>> {
    let chart = "apiVersion: v2\nname: a\nversion: 1.0.0\n";
    let plain =
        tar(&[("a/Chart.yaml", chart), ("a/values.yaml", "b: 1\n"), ("a/templates/t.yaml", "k: v\n")]);
    let nested =
        tar(&[("a/Chart.yaml", chart), ("a/charts/b/Chart.yaml", chart), ("a/.helmignore", "*.bak\n")]);
    let long = tar(&[("a/Chart.yaml", chart), (&format!("a/{}/x", "d/".repeat(60)), "")]);
    let mut seeds: Vec<Vec<u8>> =
        [plain, nested, long].into_iter().flat_map(|tar| [zip(&tar), tar]).collect();
    seeds.retain(|seed| seed.len() <= TARGET.max_len);
    seeds
}

fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::with_capacity(bytes.len() + 64), Compression::none());
    zip.write_all(bytes).expect("memory takes it");
    zip.finish().expect("memory takes it")
}

/// Reads an archive.
pub fn run(bytes: &[u8]) {
    let limits =
        Limits::default().with_total_bytes(1 << 20).with_file_bytes(1 << 18).with_files(100).with_depth(3);
    read(bytes, &limits);
    if !bytes.starts_with(b"\x1f\x8b") {
        // With sums that fit, or a fuzzer would hardly ever get past a header.
        let mut tar = bytes.to_vec();
        for header in tar.chunks_exact_mut(512) {
            let sum: u32 = header
                .iter()
                .enumerate()
                .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
                .sum();
            if header[257..].starts_with(b"ustar") {
                header[148..156].copy_from_slice(format!("{:06o}\0 ", sum & 0o777_777).as_bytes());
            }
        }
        read(&zip(&tar), &limits);
    }
}

fn read(bytes: &[u8], limits: &Limits) {
    match Chart::from_archive(bytes, limits) {
        Ok(chart) => {
            let size: usize = chart.raw().iter().map(|file| file.data.len()).sum();
            assert!(size <= 1 << 20, "no more is read than the limits say");
            for file in chart.raw() {
                let name = &*file.name;
                assert!(
                    !name.starts_with('/') && !name.split('/').any(|part| part == ".."),
                    "{name:?} leads out of the chart"
                );
            }
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error has words"),
    }
}

//! A render depends on nothing but what the caller passed: chart, input, time and seed.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pintle_chart::{Chart, Limits};
use pintle_functions::Moment;
use pintle_render::{CompiledChart, Crds, RenderInput};
use pintle_testkit::fixtures;

fn charts() -> Vec<(PathBuf, Chart)> {
    let mut charts = Vec::new();
    for folder in ["charts", "charts-bad"] {
        for entry in std::fs::read_dir(fixtures::root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if let Ok(chart) = Chart::from_path(&path, &Limits::default()) {
                charts.push((path, chart));
            }
        }
    }
    charts.sort_by(|a, b| a.0.cmp(&b.0));
    charts
}

/// All that a render gives, as one text.
fn rendered(chart: &CompiledChart, seed: u8) -> String {
    let input =
        RenderInput::new("web", "shop").time(Moment { seconds: 1_700_000_000, nanos: 5 }).seed([seed; 32]);
    let rendered = match chart.render(&input) {
        Ok(rendered) => rendered,
        Err(error) => return format!("fails: {error}"),
    };
    let mut text = rendered.manifest(Crds::Include);
    for hook in &rendered.hooks {
        let _ = writeln!(text, "{hook:?}");
    }
    let _ = writeln!(text, "{}\n{:?}", rendered.notes, rendered.warnings);
    text
}

#[test]
fn equal_inputs_render_equally() {
    let charts = charts();
    assert!(charts.len() > 60, "only {} charts were found", charts.len());
    let mut random = 0;
    for (path, chart) in charts {
        let compiled = CompiledChart::new(chart.clone());
        let first = rendered(&compiled, 1);
        assert_eq!(first, rendered(&compiled, 1), "{}: the second render differs", path.display());
        let again = CompiledChart::new(chart);
        assert_eq!(
            first,
            rendered(&again, 1),
            "{}: a render of the chart read again differs",
            path.display()
        );
        random += usize::from(first != rendered(&compiled, 2));
    }
    assert!(random > 0, "no chart draws anything random, so that nothing was shown of it");
}

/// The only lines that ask the machine for time or chance are those of the host that a run has without the caller's;
/// none asks for the environment, the network or other programs.
#[test]
fn nothing_else_asks_the_machine() {
    /// Words, and the files that may use them.
    const WORDS: &[(&str, &[&str])] = &[
        ("SystemTime::now", &["functions/src/host.rs"]),
        ("Instant::now", &["template/src/execution.rs"]), // the deadline
        ("getrandom", &["functions/src/host.rs"]),
        ("OsRng", &[]),
        ("thread_rng", &[]),
        ("Zoned::now", &[]),
        ("Timestamp::now", &[]),
        ("TimeZone::system", &[]),
        ("std::env", &[]),
        ("env::var", &[]),
        ("TcpStream", &[]),
        ("UdpSocket", &[]),
        ("ToSocketAddrs", &[]),
        ("process::Command", &[]),
        // Charts in folders, a lint's look at one, and `--output-dir`: what the caller names.
        (
            "std::fs",
            &[
                "chart/src/directory.rs",
                "chart/src/load.rs",
                "render/src/lint/folder.rs",
                "render/src/output_folder.rs",
            ],
        ),
    ];
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = 0;
    for name in ["value", "yaml", "template", "functions", "chart", "render"] {
        let mut open = vec![crates.join(name).join("src")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                seen += 1;
                let file = path.strip_prefix(crates).unwrap().to_str().unwrap();
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                for line in code {
                    for (word, allowed) in WORDS {
                        let asks = line.contains(word) && !allowed.contains(&file);
                        assert!(!asks, "{file} asks the machine: {}", line.trim());
                    }
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} files were read");
}

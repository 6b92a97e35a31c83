//! Archives and directories, among them malicious ones.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

use std::io::Write as _;

use pintle_chart::{Chart, ChartError, Class, File, Limits};

const CHART: &[u8] = b"apiVersion: v2\nname: web\nversion: 1.0.0\n";

/// An archive of these entries; a path is written as it is, whatever the tar crate thinks of it.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    archive_of(entries.iter().map(|(path, data)| (*path, tar::EntryType::Regular, *data)))
}

fn archive_of<'a>(entries: impl Iterator<Item = (&'a str, tar::EntryType, &'a [u8])>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, data) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(data.len() as u64);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

fn refused(entries: &[(&str, &[u8])]) -> String {
    Chart::from_archive(&archive(entries), &Limits::default()).unwrap_err().to_string()
}

#[test]
fn reads_an_archive() {
    let chart = Chart::from_archive(
        &archive(&[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", b"\xef\xbb\xbfreplicas: 1\n"),
            ("web/./templates//a.yaml", b"kind: A\n"),
            ("web/charts/db/Chart.yaml", b"name: db\nversion: 2.0.0\n"),
            ("web/charts/README.md", b"not a chart"),
            ("web/charts/_off/Chart.yaml", b"broken: ["),
            ("web/crds/a.yaml", b"kind: CustomResourceDefinition\n"),
            ("web/crds/README.md", b"no manifest"),
            ("web/notes.txt", b"x"),
        ]),
        &Limits::default(),
    );
    // Helm takes `charts/README.md` for a chart without files.
    assert_eq!(
        chart.unwrap_err().to_string(),
        "error unpacking subchart README.md in web: Chart.yaml file is missing"
    );
    let chart = Chart::from_archive(
        &archive(&[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", b"\xef\xbb\xbfreplicas: 1\n"),
            ("web/./templates//a.yaml", b"kind: A\n"),
            ("web/charts/db/Chart.yaml", b"name: db\nversion: 2.0.0\n"),
            ("web/charts/_off/Chart.yaml", b"broken: ["),
            ("web/charts/db-1.tgz.prov", b"signature"),
            ("web/crds/a.yaml", b"kind: CustomResourceDefinition\n"),
            ("web/crds/README.md", b"no manifest"),
            ("web/notes.txt", b"x"),
        ]),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(chart.values().get("replicas").and_then(pintle_value::Data::as_i64), Some(1));
    assert_eq!(&*chart.templates()[0].name, "templates/a.yaml");
    assert_eq!(chart.dependencies()[0].metadata().api_version, "v1");
    let files: Vec<&str> = chart.files().iter().map(|file| &*file.name).collect();
    assert_eq!(files, ["charts/db-1.tgz.prov", "crds/a.yaml", "crds/README.md", "notes.txt"]);
    let crds: Vec<String> = chart.crds().into_iter().map(|crd| crd.path).collect();
    assert_eq!(crds, ["web/crds/a.yaml"]);
}

#[test]
fn refuses_paths_that_lead_out() {
    let parent = "chart illegally references parent directory";
    for (path, message) in [
        ("web//etc/passwd", "chart illegally contains absolute paths"),
        ("web/../../etc/passwd", parent),
        ("web/..", parent),
        ("web/a/../../b", parent),
        ("web/c:/windows", "chart contains illegally named files"),
        ("web\\c:\\windows", "chart contains illegally named files"),
        ("web\\..\\x", parent),
        ("Chart.yaml", "chart illegally contains content outside the base directory: \"Chart.yaml\""),
        ("Chart.yaml/x", "chart yaml not in base directory"),
        ("web/.", "chart illegally contains content outside the base directory: \"web/.\""),
    ] {
        let error =
            Chart::from_archive(&archive(&[("web/Chart.yaml", CHART), (path, b"")]), &Limits::default());
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), message, "{path}");
        assert!(matches!(error, ChartError::IllegalPath { .. }), "{path}");
        assert_eq!(error.class(), Class::Chart);
    }
}

#[test]
fn a_link_in_an_archive_is_an_empty_file() {
    let bytes = archive_of(
        [
            ("web/Chart.yaml", tar::EntryType::Regular, CHART),
            ("web/passwd", tar::EntryType::Symlink, b"".as_slice()),
            ("pax_global_header", tar::EntryType::XGlobalHeader, b"".as_slice()),
        ]
        .into_iter(),
    );
    let chart = Chart::from_archive(&bytes, &Limits::default()).unwrap();
    assert_eq!(chart.files().len(), 1);
    assert!(chart.files()[0].data.is_empty());
}

#[test]
fn refuses_what_is_no_chart() {
    let limits = Limits::default();
    assert_eq!(refused(&[]), "no files in chart archive");
    assert_eq!(refused(&[("web/values.yaml", b"")]), "Chart.yaml file is missing");
    assert_eq!(refused(&[("web/Chart.yaml", b"")]), "validation: chart.metadata.name is required");
    let newer = b"apiVersion: v3\nname: web\nversion: 1.0.0";
    assert_eq!(refused(&[("web/Chart.yaml", newer)]), "invalid chart apiVersion");
    let nameless = b"apiVersion: v3\nversion: 1.0.0";
    assert_eq!(refused(&[("web/Chart.yaml", nameless)]), "validation: chart.metadata.name is required");
    assert_eq!(refused(&[("web/Chart.yaml", b"apiVersion: v4")]), "unsupported chart version");
    assert_eq!(
        refused(&[("web/Chart.yaml", b"a: [")]),
        "cannot load Chart.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content"
    );
    assert_eq!(
        Chart::from_archive(b"not an archive", &limits).unwrap_err().to_string(),
        "stream does not appear to be a valid chart file (details: gzip: invalid header)"
    );
    let whole = archive(&[("web/Chart.yaml", CHART)]);
    assert!(Chart::from_archive(&whole[..whole.len() / 2], &limits).is_err());
    let broken = Chart::from_archive(
        &archive(&[("web/Chart.yaml", CHART), ("web/values.yaml", b"a: 1\nb: 2\n c: 3\n")]),
        &limits,
    )
    .unwrap_err();
    assert_eq!(
        broken.to_string(),
        "cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 3: \
         mapping values are not allowed in this context"
    );
}

#[test]
fn checks_metadata_as_helm_does() {
    for (yaml, message) in [
        ("name: a", "validation: chart.metadata.version is required"),
        ("name: a\nversion: x", "validation: chart.metadata.version \"x\" is invalid"),
        ("name: ..\nversion: 1.0.0", "validation: chart.metadata.name \"..\" is not allowed"),
        ("name: a/b\nversion: 1.0.0", "validation: chart.metadata.name \"a/b\" is invalid"),
        ("name: a\nversion: 1\ntype: x", "validation: chart.metadata.type must be application or library"),
        (
            "name: a\nversion: 1\nmaintainers: [~]",
            "validation: maintainers must not contain empty or null nodes",
        ),
        (
            "name: a\nversion: 1\ndependencies: [~]",
            "validation: dependencies must not contain empty or null nodes",
        ),
        (
            "name: a\nversion: 1\ndependencies: [{name: b}, {name: b}]",
            "validation: more than one dependency with name or alias \"b\"",
        ),
        (
            "name: a\nversion: 1\ndependencies: [{name: b, alias: 'x y'}]",
            "validation: dependency \"b\" has disallowed characters in the alias",
        ),
        (
            "name: a\nversion: 1\nkeywords: 5",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into \
             Go struct field .keywords of type []string",
        ),
        (
            "name: a\nversion: 1\nmaintainers: [foo]",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into \
             .maintainers.0 of type v2.Maintainer",
        ),
        (
            "name: a\nversion: 1\ndependencies: [{name: b, tags: c}]",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into \
             Go struct field .dependencies.0.tags of type []string",
        ),
    ] {
        let files = vec![File::new("Chart.yaml", yaml)];
        assert_eq!(Chart::from_files(files, &Limits::default()).unwrap_err().to_string(), message, "{yaml}");
    }
}

#[test]
fn numbers_become_texts() {
    let yaml = "NAME: a\nversion: 1.10\nappVersion: 20210101\nannotations: {a: 1.50, b: true, c: ~, d: 1e6, e: 010}\n";
    let chart = Chart::from_files(vec![File::new("Chart.yaml", yaml)], &Limits::default()).unwrap();
    let metadata = chart.metadata();
    assert_eq!((metadata.version.as_str(), metadata.app_version.as_str()), ("1.1", "20210101"));
    let annotations: Vec<&str> = metadata.annotations.values().map(String::as_str).collect();
    assert_eq!(annotations, ["1.5", "true", "", "1e+06", "8"]);
}

#[test]
fn counts_all_bytes_also_those_of_charts_inside() {
    let limits = Limits::default().with_total_bytes(10_000);
    let inner = archive(&[("db/Chart.yaml", b"name: db\nversion: 1.0.0\n"), ("db/big", &[0; 8_000])]);
    let outer =
        archive(&[("web/Chart.yaml", CHART), ("web/charts/db.tgz", &inner), ("web/big", &[0; 4_000])]);
    let error = Chart::from_archive(&outer, &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "error unpacking subchart db.tgz in web: decompressed chart is larger than the maximum size 10000"
    );
    assert!(Chart::from_archive(&outer, &Limits::default()).is_ok());
    let files = Limits::default().with_files(2);
    assert_eq!(
        Chart::from_archive(&outer, &files).unwrap_err().to_string(),
        "chart has more than the maximum of 2 files"
    );
    let size = Limits::default().with_file_bytes(3_000);
    assert!(Chart::from_archive(&outer, &size).unwrap_err().to_string().contains("maximum file size 3000"));
}

#[test]
fn a_bomb_ends_early() {
    // A header that promises little, and a stream that unpacks to much more.
    let zeros = gzip(&vec![0; 200 << 20]);
    let error = Chart::from_archive(&zeros, &Limits::default().with_total_bytes(1 << 20)).unwrap_err();
    assert_eq!(error.to_string(), "no files in chart archive");
    // A chart in a chart in a chart …
    let mut bytes = archive(&[("web/Chart.yaml", CHART)]);
    for _ in 0..40 {
        bytes = archive(&[("web/Chart.yaml", CHART), ("web/charts/web.tgz", &bytes)]);
    }
    let error = Chart::from_archive(&bytes, &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("charts lie deeper in charts than the maximum of 32"), "{error}");
}

#[test]
fn packs_what_it_unpacks() {
    let chart = Chart::from_archive(
        &archive(&[
            ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: \"1\"\n"),
            ("web/values.yaml", b"# kept\na: 1\n"),
            ("web/templates/a.yaml", b"kind: A\n"),
            ("web/charts/db/Chart.yaml", b"apiVersion: v2\nname: db\nversion: 2.0.0\n"),
            ("web/values.schema.json", b"{}"),
            ("web/README.md", b"hello"),
        ]),
        &Limits::default(),
    )
    .unwrap();
    let package = chart.package().unwrap();
    assert_eq!(package.file_name, "web-1.0.0.tgz");
    assert_eq!(package, chart.package().unwrap());
    let again = Chart::from_archive(&package.bytes, &Limits::default()).unwrap();
    assert_eq!(chart.digest(), again.digest());
    assert_eq!(again.raw_values(), Some(b"# kept\na: 1\n".as_slice()));
}

#[test]
fn reads_a_directory_with_its_ignore_rules() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, data: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    };
    write("Chart.yaml", CHART);
    write(".helmignore", b"\xef\xbb\xbf# comment\n*.bak\nsecret/\n/top.txt\nsub/*.md\n");
    write("a.bak", b"");
    write("sub/b.bak", b"");
    write("secret/key", b"");
    write("top.txt", b"");
    write("sub/top.txt", b"");
    write("sub/x.md", b"");
    write("templates/.hidden", b"");
    write("templates/a.yaml", b"");
    let chart = Chart::from_path(folder.path(), &Limits::default()).unwrap();
    let names: Vec<&str> = chart.raw().iter().map(|file| &*file.name).collect();
    assert_eq!(names, [".helmignore", "Chart.yaml", "sub/top.txt", "templates/a.yaml"]);
    write(".helmignore", b"a/**\n");
    assert_eq!(
        Chart::from_path(folder.path(), &Limits::default()).unwrap_err().to_string(),
        "double-star (**) syntax is not supported"
    );
}

#[cfg(unix)]
#[test]
fn follows_links_inside_the_folder_only() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), b"secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Chart.yaml"), CHART).unwrap();
    std::fs::write(folder.path().join("a.txt"), b"a").unwrap();
    symlink(folder.path().join("a.txt"), folder.path().join("b.txt")).unwrap();
    let chart = Chart::from_path(folder.path(), &Limits::default()).unwrap();
    assert_eq!(chart.files().len(), 2);
    symlink(outside.path(), folder.path().join("files")).unwrap();
    let error = Chart::from_path(folder.path(), &Limits::default()).unwrap_err();
    assert!(matches!(error, ChartError::SymlinkOutside { .. }), "{error}");
    std::fs::remove_file(folder.path().join("files")).unwrap();
    symlink(folder.path(), folder.path().join("round")).unwrap();
    assert!(Chart::from_path(folder.path(), &Limits::default()).is_err());
}

#[test]
fn a_record_gives_the_chart_back() {
    let chart = Chart::from_archive(
        &archive(&[
            ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 1.0.0\n"),
            ("web/values.yaml", b"a: 1\n"),
            ("web/templates/a.yaml", b"kind: A\n"),
            ("web/Chart.lock", b"generated: \"2024-01-02T03:04:05.1Z\"\ndigest: sha256:x\n"),
        ]),
        &Limits::default(),
    )
    .unwrap();
    let json = serde_json::to_string(&chart).unwrap();
    assert_eq!(
        json,
        "{\"metadata\":{\"name\":\"web\",\"version\":\"1.0.0\",\"apiVersion\":\"v2\"},\"lock\":{\"generated\":\
         \"2024-01-02T03:04:05.1Z\",\"digest\":\"sha256:x\",\"dependencies\":null},\"templates\":[{\"name\":\
         \"templates/a.yaml\",\"data\":\"a2luZDogQQo=\",\"modtime\":\"1970-01-01T00:00:00Z\"}],\"values\":{\"a\":1},\
         \"schema\":null,\"schemamodtime\":\"0001-01-01T00:00:00Z\",\"files\":null,\"modtime\":\
         \"1970-01-01T00:00:00Z\"}"
    );
    let back: Chart = serde_json::from_str(&json).unwrap();
    assert_eq!(back.name(), "web");
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
}

#[test]
fn charts_and_errors_cross_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Chart>();
    shared::<ChartError>();
    shared::<pintle_chart::Values>();
}

//! The chart server serves what it is given, asks for what it should, and goes wrong as told.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use pintle_testkit::{ChartServer, Fault};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const CHART_YAML: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\ndescription: |\n  two\n\n  lines\n";

fn agent(server: &ChartServer) -> ureq::Agent {
    let mut tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    if let Some(authority) = server.authority() {
        tls = tls
            .root_certs(RootCerts::new_with_certs(&[Certificate::from_pem(authority.as_bytes()).unwrap()]));
    }
    ureq::Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .new_agent()
}

fn get(server: &ChartServer, path: &str) -> (u16, Vec<u8>) {
    let mut answer = agent(server).get(format!("{}{path}", server.url())).call().expect("an answer");
    (answer.status().as_u16(), answer.body_mut().read_to_vec().expect("a body"))
}

#[tokio::test]
async fn it_serves_an_index_and_archives_within_a_runtime() {
    let server = ChartServer::builder().absolute_urls().start().expect("a server");
    assert_eq!(String::from_utf8(get(&server, "/index.yaml").1).unwrap().lines().nth(1), Some("entries: {}"));
    let entry =
        server.add_files("web", &[("Chart.yaml", CHART_YAML), ("values.yaml", "a: 1\n")]).expect("a chart");

    let (status, index) = get(&server, "/index.yaml");
    let index = String::from_utf8(index).unwrap();
    assert_eq!(status, 200);
    assert!(index.contains(&format!("    urls:\n    - {}/web-1.0.0.tgz\n", server.url())), "{index}");
    assert!(index.contains(&entry.digest), "{index}");
    assert!(index.contains("    description: |\n      two\n\n      lines\n"), "{index}");

    let (status, archive) = get(&server, &entry.path);
    assert_eq!(status, 200);
    assert_eq!(
        server.add_archive(archive).expect("it can be read"),
        entry,
        "the same bytes make the same entry"
    );
    assert_eq!(get(&server, "/other.tgz").0, 404);
    assert_eq!(server.count("/index.yaml"), 2);
    assert_eq!(server.requests().len(), 4);
    server.remove(&entry);
    assert_eq!(get(&server, &entry.path).0, 404);
}

#[test]
fn a_folder_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    std::fs::write(folder.path().join("Chart.yaml"), CHART_YAML).unwrap();
    std::fs::write(folder.path().join("templates/a.yaml"), "a: 1\n").unwrap();
    let server = ChartServer::start().expect("a server");
    let entry = server.add_folder(folder.path()).expect("a chart");
    assert_eq!((entry.name.as_str(), entry.version.as_str()), ("web", "1.0.0"));
    std::fs::remove_file(folder.path().join("Chart.yaml")).unwrap();
    assert!(server.add_folder(folder.path()).expect_err("is refused").to_string().contains("no Chart.yaml"));
}

#[test]
fn it_asks_for_credentials_over_tls() {
    let server = ChartServer::builder().tls().basic_auth("reader", "secret").start().expect("a server");
    assert!(server.url().starts_with("https://127.0.0.1:"));
    assert_eq!(get(&server, "/index.yaml").0, 401);
    let answer = agent(&server)
        .get(format!("{}/index.yaml", server.url()))
        .header("Authorization", "Basic cmVhZGVyOnNlY3JldA==")
        .call()
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let seen: Vec<_> = server.requests().iter().map(|request| (request.authorized, request.status)).collect();
    assert_eq!(seen, [(false, 401), (true, 200)]);
    // Who does not know the authority gets nothing.
    let stranger = ChartServer::builder().tls().start().expect("another server");
    assert!(agent(&stranger).get(format!("{}/index.yaml", server.url())).call().is_err());
}

#[test]
fn unchanged_files_are_not_sent_again() {
    let server = ChartServer::start().expect("a server");
    server.set_file("/some", "text");
    let url = format!("{}/some", server.url());
    let first = agent(&server).get(&url).call().expect("an answer");
    let tag = first.headers().get("etag").expect("a tag").to_str().unwrap().to_owned();
    let again = agent(&server).get(&url).header("If-None-Match", &tag).call().expect("an answer");
    assert_eq!(again.status().as_u16(), 304);
    server.set_file("/some", "other");
    let changed = agent(&server).get(&url).header("If-None-Match", &tag).call().expect("an answer");
    assert_eq!(changed.status().as_u16(), 200);
}

#[test]
fn it_goes_wrong_as_told() {
    let server = ChartServer::start().expect("a server");
    server.set_file("/some", "text");
    server.set_fault_times("/some", Fault::Status(503), 2);
    assert_eq!([0, 1, 2].map(|_| get(&server, "/some").0), [503, 503, 200]);
    server.set_fault("/some", Fault::Body(b"other".to_vec()));
    assert_eq!(get(&server, "/some").1, b"other");
    server.set_fault("/some", Fault::Redirect("http://127.0.0.1:1/".to_owned()));
    assert_eq!(get(&server, "/some").0, 302);
    server.set_fault("/some", Fault::Disconnect);
    assert!(agent(&server).get(format!("{}/some", server.url())).call().is_err());
    server.clear_faults();
    server.set_latency(Duration::from_millis(300));
    let started = Instant::now();
    assert_eq!(get(&server, "/some").0, 200);
    assert!(started.elapsed() >= Duration::from_millis(300), "an answer never comes before its time");
}

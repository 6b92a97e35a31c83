//! Repositories over HTTP: what is asked for, what is chosen, and what goes wrong.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::time::Duration;

use pintle_registry::{Class, Credentials, Http, Limits, RegistryError, Repository, Tls};
use pintle_testkit::{ChartServer, Fault};

fn server() -> ChartServer {
    ChartServer::start().expect("a port is free")
}

fn add(server: &ChartServer, version: &str) {
    let chart = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    let files =
        [("Chart.yaml", chart.as_str()), ("values.yaml", "replicas: 1\n"), ("templates/a.yaml", "a: 1\n")];
    server.add_files("web", &files).expect("packs");
}

fn quick() -> Limits {
    let mut limits = Limits::default();
    limits.timeout = Duration::from_secs(20);
    limits
}

fn repository(server: &ChartServer) -> Repository {
    limited(server, quick())
}

fn limited(server: &ChartServer, limits: Limits) -> Repository {
    let http = Http::new().expect("makes a client");
    Repository::builder(&server.url()).expect("is an address").limits(limits).build(&http)
}

#[tokio::test]
async fn a_chart_is_found_downloaded_and_read() {
    let server = server();
    for version in ["1.0.0", "1.10.0", "1.2.0", "2.0.0-rc.1"] {
        add(&server, version);
    }
    let repository = repository(&server);
    let newest = repository.resolve("web", "").await.expect("is found");
    assert_eq!((newest.name.as_str(), newest.version.as_str()), ("web", "1.10.0"));
    assert_eq!(repository.resolve("web", "<1.10").await.expect("is found").version, "1.2.0");
    assert_eq!(repository.resolve("web", ">0.0.0-0").await.expect("is found").version, "2.0.0-rc.1");
    let chart = repository.chart("web", "^1.0").await.expect("is a chart");
    assert_eq!((chart.name(), chart.metadata().version.as_str()), ("web", "1.10.0"));
    assert_eq!(server.count("/web-1.10.0.tgz"), 1);
}

#[tokio::test]
async fn an_index_that_did_not_change_is_not_sent_again() {
    let server = server();
    add(&server, "1.0.0");
    let repository = repository(&server);
    let first = repository.refresh().await.expect("is read");
    assert!(first.size > 0 && first.digest.len() == 64);
    let again = repository.refresh().await.expect("is read");
    assert!(std::sync::Arc::ptr_eq(&first.index, &again.index));
    assert_eq!((&again.digest, again.size), (&first.digest, first.size));
    let statuses: Vec<u16> = server.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [200, 304]);
    add(&server, "1.1.0");
    let changed = repository.refresh().await.expect("is read");
    assert_ne!(changed.digest, first.digest);
    assert_eq!(changed.index.versions("web").map(<[_]>::len), Some(2));
    // What is at hand costs no request.
    repository.index().await.expect("is at hand");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again() {
    let server = server();
    add(&server, "1.0.0");
    server.set_fault_times("/index.yaml", Fault::Status(503), 2);
    repository(&server).refresh().await.expect("the third answer is right");
    assert_eq!(server.count("/index.yaml"), 3);

    server.set_fault("/index.yaml", Fault::Status(503));
    let error = repository(&server).refresh().await.expect_err("it stays in trouble");
    assert!(matches!(error, RegistryError::Status { status: 503, .. }), "{error}");
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(server.count("/index.yaml"), 6);

    server.set_fault_times("/index.yaml", Fault::Disconnect, 1);
    repository(&server).refresh().await.expect("a broken connection may pass");
}

#[tokio::test]
async fn a_server_that_does_not_answer_holds_nobody_up() {
    let server = server();
    server.set_fault("/index.yaml", Fault::Hang);
    let mut limits = quick();
    limits.timeout = Duration::from_millis(300);
    let error = limited(&server, limits).refresh().await.expect_err("it never answers");
    assert!(matches!(error, RegistryError::Timeout { timeout, .. } if timeout == limits.timeout), "{error}");
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(server.count("/index.yaml"), 1);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let url = server().url(); // and gone again
    let mut limits = quick();
    limits.retries = 0;
    let http = Http::new().expect("makes a client");
    let repository = Repository::builder(&url).expect("is an address").limits(limits).build(&http);
    let error = repository.refresh().await.expect_err("nobody is there");
    assert!(matches!(&error, RegistryError::Unreachable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!("cannot reach {url}/index.yaml: Connection refused (os error 111)")
    );
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let server = server();
    add(&server, "1.0.0");
    let repository = repository(&server);
    let url = repository.url();
    let error = repository.chart("nope", "").await.expect_err("is not there");
    assert!(matches!(error, RegistryError::NoChart { .. }));
    assert_eq!(error.to_string(), format!("chart \"nope\" not found in {url}"));
    let error = repository.chart("web", ">=2").await.expect_err("is not there");
    assert_eq!(
        error.to_string(),
        format!("chart \"web\" has no version matching \">=2\" in {url}; the newest is 1.0.0")
    );
    let error = repository.chart("web", "one").await.expect_err("is no version");
    assert!(matches!(error, RegistryError::Constraint { .. }), "{error}");
    server.set_fault("/index.yaml", Fault::Status(404));
    let error = repository.refresh().await.expect_err("is not there");
    assert!(matches!(error, RegistryError::NotFound { status: 404, .. }), "{error}");
    assert_eq!(error.class(), Class::User);
}

#[tokio::test]
async fn an_archive_that_is_not_the_promised_one_is_refused() {
    let server = server();
    add(&server, "1.0.0");
    server.set_fault("/web-1.0.0.tgz", Fault::Body(b"something else".to_vec()));
    let repository = repository(&server);
    let error = repository.chart("web", "").await.expect_err("was exchanged");
    assert!(matches!(error, RegistryError::Digest { .. }), "{error}");
    assert_eq!(error.class(), Class::Fatal);
}

#[tokio::test]
async fn an_archive_that_is_no_chart_is_refused() {
    let server = server();
    server.set_file("/bad.tgz", *b"no archive at all");
    server.set_file(
        "/index.yaml",
        *b"apiVersion: v1\nentries:\n  bad:\n  - name: bad\n    version: 1.0.0\n    urls: [bad.tgz]\n",
    );
    let error = repository(&server).chart("bad", "").await.expect_err("is no chart");
    assert!(matches!(error, RegistryError::Chart { .. }), "{error}");
    assert!(error.to_string().contains("/bad.tgz is not a chart: "), "{error}");
}

#[tokio::test]
async fn answers_have_limits() {
    let server = server();
    add(&server, "1.0.0");
    let mut limits = quick();
    limits.index_bytes = 20;
    let error = limited(&server, limits).refresh().await.expect_err("is too large");
    assert!(matches!(error, RegistryError::TooLarge { limit: 20, .. }), "{error}");
    limits = quick();
    limits.archive_bytes = 20;
    let error = limited(&server, limits).chart("web", "").await.expect_err("is too large");
    assert!(matches!(error, RegistryError::TooLarge { limit: 20, .. }), "{error}");
    assert_eq!(error.class(), Class::Fatal);
}

#[tokio::test]
async fn a_damaged_index_says_where() {
    let server = server();
    let cases = [
        ("", "it is empty"),
        ("entries: {}\n", "no API version specified"),
        ("apiVersion: v1\nentries: [\n", "line "),
        ("apiVersion: v1\nentries: 3\n", "entries must be a map, and is a number"),
        ("apiVersion: v1\nentries:\n  web: {}\n", "entries.web must be a list, and is a map"),
        (
            "apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.10\n",
            "entries.web[0].version must be text, and is a number",
        ),
        ("{\"apiVersion\": \"v1\", \"entries\":", "EOF while parsing"),
        ("<html>not found</html>", "the index must be a map, and is text"),
    ];
    let repository = repository(&server);
    for (text, reason) in cases {
        server.set_file("/index.yaml", text.as_bytes());
        let error = repository.refresh().await.expect_err("is damaged");
        assert!(matches!(error, RegistryError::Index { .. }), "{text:?}: {error}");
        assert!(error.to_string().contains(reason), "{text:?}: {error}");
        assert!(error.to_string().starts_with("the index of http://"), "{error}");
    }
}

#[tokio::test]
async fn entries_that_helm_skips_are_left_out() {
    let server = server();
    server.set_file(
        "/index.yaml",
        *b"apiVersion: v1\nentries:\n  web:\n  -\n  - {name: web, version: latest}\n  - {version: 1.0.0}\n  \
           - {name: web, version: 1.0.0}\n  none:\n",
    );
    let index = repository(&server).refresh().await.expect("is read").index;
    assert_eq!(index.names().collect::<Vec<_>>(), ["none", "web"]);
    assert_eq!(index.versions("web").map(<[_]>::len), Some(1));
    let error = repository(&server).chart("web", "").await.expect_err("has no address");
    assert!(matches!(error, RegistryError::NoAddress { .. }), "{error}");
    let error = repository(&server).chart("none", "").await.expect_err("has no versions");
    assert!(matches!(error, RegistryError::NoChart { .. }), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_but_not_for_ever() {
    let (server, other) = (server(), server());
    add(&other, "1.0.0");
    server.set_fault("/index.yaml", Fault::Redirect(format!("{}/index.yaml", other.url())));
    repository(&server).refresh().await.expect("the other has it");
    server.set_fault("/index.yaml", Fault::Redirect("/index.yaml".to_owned()));
    server.forget_requests();
    let error = repository(&server).refresh().await.expect_err("goes round in circles");
    assert!(matches!(error, RegistryError::Redirect { .. }), "{error}");
    assert_eq!(server.requests().len(), 11);
    for nowhere in ["ftp://example.com/index.yaml", "file:///etc/passwd", "http://["] {
        server.set_fault("/index.yaml", Fault::Redirect(nowhere.to_owned()));
        let error = repository(&server).refresh().await.expect_err("goes nowhere");
        assert!(matches!(error, RegistryError::Redirect { .. }), "{nowhere}: {error}");
    }
}

#[tokio::test]
async fn credentials_stay_at_home() {
    let home = ChartServer::builder().basic_auth("user", "s3cret").start().expect("a port is free");
    let away = server(); // another port of the same host is another origin
    add(&home, "1.0.0");
    add(&away, "1.0.0");
    let http = Http::new().expect("makes a client");
    let anonymous = repository(&home).refresh().await.expect_err("asks for credentials");
    assert!(
        matches!(anonymous, RegistryError::Unauthorized { status: 401, authenticated: false, .. }),
        "{anonymous}"
    );
    assert_eq!(anonymous.class(), Class::User);
    let wrong = Repository::builder(&home.url())
        .expect("is an address")
        .credentials(Credentials::basic("user", "no"));
    let wrong = wrong.build(&http).refresh().await.expect_err("are not right");
    assert!(matches!(wrong, RegistryError::Unauthorized { authenticated: true, .. }), "{wrong}");

    let builder = || {
        let builder = Repository::builder(&home.url()).expect("is an address");
        builder.credentials(Credentials::basic("user", "s3cret"))
    };
    builder().build(&http).chart("web", "").await.expect("lets us in");

    // An archive elsewhere: without credentials, unless told to.
    home.set_file(
        "/index.yaml",
        format!(
            "apiVersion: v1\nentries:\n  web:\n  - {{name: web, version: 1.0.0, urls: ['{}/web-1.0.0.tgz']}}\n",
            away.url()
        ),
    );
    builder().build(&http).chart("web", "").await.expect("needs none there");
    builder().pass_credentials().build(&http).chart("web", "").await.expect("takes any");
    let authorized: Vec<bool> = away.requests().iter().map(|request| request.authorized).collect();
    assert_eq!(authorized, [false, true]);

    // A redirect elsewhere never carries them.
    away.forget_requests();
    home.set_fault("/index.yaml", Fault::Redirect(format!("{}/index.yaml", away.url())));
    builder().pass_credentials().build(&http).refresh().await.expect("the other has it");
    let authorized: Vec<bool> = away.requests().iter().map(|request| request.authorized).collect();
    assert_eq!(authorized, [false]);
}

#[tokio::test]
async fn secrets_show_nowhere() {
    let home = ChartServer::builder().basic_auth("user", "s3cret").start().expect("a port is free");
    let address = home.url().replace("http://", "http://user:s3cret@") + "?token=t0ken";
    let http = Http::new().expect("makes a client");
    let builder = Repository::builder(&address).expect("is an address");
    assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
    let repository = builder.build(&http);
    home.set_file("/index.yaml", *b"nonsense");
    let error = repository.refresh().await.expect_err("is nonsense");
    assert!(matches!(error, RegistryError::Index { .. }), "{error}");
    assert!(home.requests().iter().all(|request| request.authorized));
    for text in [format!("{error} {error:?}"), format!("{repository:?}"), repository.url()] {
        assert!(!text.contains("s3cret") && !text.contains("t0ken"), "{text}");
    }
    for address in ["ftp://user:s3cret@host", "http://user:s3cret@", "user:s3cret@host"] {
        let error = Repository::builder(address).expect_err("is no address").to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn tls_is_checked_against_the_given_authority() {
    let server = ChartServer::builder().tls().start().expect("a port is free");
    add(&server, "1.0.0");
    let untrusted = repository(&server).refresh().await.expect_err("nobody knows the authority");
    assert!(matches!(untrusted, RegistryError::Untrusted { .. }), "{untrusted:?}");
    assert_eq!(untrusted.class(), Class::User);
    let authority = server.authority().expect("has one").to_owned();
    let http = Http::with_tls(&Tls::new().authorities(authority)).expect("makes a client");
    let trusting = Repository::builder(&server.url()).expect("is an address").build(&http);
    trusting.chart("web", "").await.expect("is trusted");
    // No way back to plain HTTP.
    server.set_fault("/index.yaml", Fault::Redirect("http://127.0.0.1:1/index.yaml".to_owned()));
    let error = trusting.refresh().await.expect_err("is not secure");
    assert!(error.to_string().ends_with("redirects from https to http"), "{error}");
}

#[tokio::test]
async fn a_file_at_an_address_is_downloaded() {
    let server = ChartServer::builder().basic_auth("us er", "p:w").start().expect("a port is free");
    server.set_file("/values.yaml", *b"a: 1\n");
    let http = Http::new().expect("makes a client");
    let url = format!("{}/values.yaml", server.url());
    let refused = http.download(&url).bytes().await.expect_err("asks for credentials");
    assert!(matches!(refused, RegistryError::Unauthorized { .. }), "{refused}");
    let credentials = Credentials::basic("us er", "p:w");
    let bytes = http.download(&url).credentials(credentials).bytes().await.expect("lets us in");
    assert_eq!(bytes.as_ref(), b"a: 1\n");
    let within = url.replace("http://", "http://us%20er:p%3Aw@");
    assert!(!format!("{:?}", http.download(&within)).contains("p%3Aw"));
    http.download(&within).bytes().await.expect("lets us in");
    let mut limits = quick();
    limits.archive_bytes = 2;
    let error = http.download(&within).limits(limits).bytes().await.expect_err("is too large");
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
}

#[test]
fn bad_certificates_are_refused_at_once() {
    for (tls, reason) in [
        (Tls::new().authorities("nonsense"), "hold no certificate"),
        (Tls::new().identity("nonsense", "nonsense"), "client key"),
    ] {
        let error = Http::with_tls(&tls).expect_err("cannot be used").to_string();
        assert!(error.starts_with("the TLS settings cannot be used: ") && error.contains(reason), "{error}");
    }
}

#[test]
fn everything_is_send_and_sync() {
    fn check<T: Send + Sync + 'static>() {}
    fn sent<T: Send>(_: &T) {}
    check::<Repository>();
    check::<Http>();
    check::<RegistryError>();
    let http = Http::new().expect("makes a client");
    let repository = Repository::builder("http://localhost").expect("is an address").build(&http);
    sent(&repository.chart("web", ""));
}

//! The command line and the endpoints.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use pintle::{Ended, Measured, Measurement, Meter as _};
use pintle_controller::flags::{Address, Command as Subcommand, Flags};
use pintle_controller::metrics::{Metrics, Result as Outcome};
use pintle_controller::serve::{Endpoint, Readiness, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

#[test]
fn every_flag_is_explained() {
    let mut command = Flags::command();
    command.build();
    for subcommand in command.get_subcommands() {
        assert!(subcommand.get_about().is_some(), "{} says nothing", subcommand.get_name());
        for flag in subcommand.get_arguments() {
            assert!(flag.get_help().is_some(), "{} {} says nothing", subcommand.get_name(), flag.get_id());
        }
    }
}

#[test]
fn addresses_and_durations_are_read() {
    let parse = |flags: &[&str]| Flags::try_parse_from([&["pintle-controller", "run"], flags].concat());
    let Subcommand::Run(run) =
        parse(&["--metrics-addr", ":0", "--health-addr=0", "--retry-interval=1m30s"]).unwrap().command
    else {
        unreachable!("`run` was given")
    };
    assert_eq!(run.metrics_addr, Address::On("0.0.0.0:0".parse().unwrap()));
    assert_eq!(run.health_addr, Address::Off);
    assert_eq!(run.retry_interval, Duration::from_secs(90));
    assert_eq!(run.scale_managers, ["kube-controller-manager"]);
    for wrong in [&["--metrics-addr=here"][..], &["--retry-interval=5"], &["--concurrent=0"], &["--surprise"]]
    {
        parse(wrong).unwrap_err();
    }
}

#[test]
fn crds_prints_the_definitions() {
    let output = Command::new(env!("CARGO_BIN_EXE_pintle-controller")).arg("crds").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("helmreleases.helm.toolkit.fluxcd.io"), "{text}");
    assert!(text.contains("helmrepositories.source.toolkit.fluxcd.io"), "{text}");
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[tokio::test]
async fn the_endpoints_answer() {
    let (metrics, readiness, stop) =
        (Arc::new(Metrics::default()), Readiness::default(), CancellationToken::new());
    metrics.reconciled("HelmRelease", Outcome::Failure, Duration::from_secs(3));
    metrics.ready("HelmRelease", 2, 1);
    let took = Duration::from_millis(700);
    let measured = |what| Measured::new("tenant1", "default", "web", what);
    metrics.measured(&measured(Measurement::Rendered { took }));
    let (action, ended) = (pintle::Action::Rollback(3), Ended::Badly(pintle::Class::Retry));
    metrics.measured(&measured(Measurement::Ran { action, took, ended }));
    let local = "127.0.0.1:0".parse().unwrap();
    let numbers = Server::bind(local, Endpoint::Metrics(Arc::clone(&metrics))).await.unwrap();
    let health = Server::bind(local, Endpoint::Health(readiness.clone())).await.unwrap();
    let (numbers_at, health_at) = (numbers.address().unwrap(), health.address().unwrap());
    let servers = [tokio::spawn(numbers.run(stop.clone())), tokio::spawn(health.run(stop.clone()))];

    let (status, text) = get(numbers_at, "/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "pintle_reconciliations_total{kind=\"HelmRelease\",result=\"failure\"} 1",
        "pintle_reconciliation_duration_seconds_bucket{kind=\"HelmRelease\",le=\"2\"} 0",
        "pintle_reconciliation_duration_seconds_bucket{kind=\"HelmRelease\",le=\"5\"} 1",
        "pintle_reconciliation_duration_seconds_sum{kind=\"HelmRelease\"} 3",
        "pintle_render_duration_seconds_bucket{le=\"1\"} 1",
        "pintle_render_duration_seconds_count 1",
        "pintle_actions_total{action=\"rollback\",result=\"failure\"} 1",
        "pintle_action_duration_seconds_sum{action=\"rollback\"} 0.7",
        "pintle_objects{kind=\"HelmRelease\",ready=\"true\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert_eq!(get(numbers_at, "/healthz").await.0, 404);
    assert_eq!(get(health_at, "/healthz").await.0, 200);
    assert_eq!(get(health_at, "/readyz").await.0, 503);
    readiness.set_ready();
    assert_eq!(get(health_at, "/readyz").await.0, 200);

    stop.cancel();
    for server in servers {
        server.await.unwrap();
    }
}

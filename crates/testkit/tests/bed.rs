//! The bed is what it says: clusters whose controllers work, tenants as Kamaji leaves them, an audit log.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pintle_testkit::{Bed, Cluster, Error, Machinery, TenantOptions};
use serde_json::{Value, json};

/// How long a busy machine may take for what takes a second on a quiet one.
const PATIENCE: Duration = Duration::from_secs(120);

fn deployment(name: &str, replicas: u32) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "example.test/main:1"}]},
            },
        },
    })
}

/// A kubeconfig in a file, used by `kubectl`.
fn kubectl_as(cluster: &Cluster, kubeconfig: &str, arguments: &[&str]) -> pintle_testkit::Output {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, kubeconfig).expect("the kubeconfig is written");
    let flag = format!("--kubeconfig={}", path.display());
    cluster.kubectl(std::iter::once(flag.as_str()).chain(arguments.iter().copied())).expect("kubectl runs")
}

#[test]
fn deployments_become_ready_and_jobs_complete() {
    let tenant = Bed::shared().expect("a bed").tenant("tenant1").expect("a tenant");
    let namespace = tenant.namespace("workloads").expect("a namespace");
    let api = tenant.api();

    let deployments = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
    api.create(&deployments, &deployment("web", 3)).expect("is created");
    api.wait_until(&format!("{deployments}/web"), "three replicas", PATIENCE, |seen| {
        seen.is_some_and(|object| object["status"]["readyReplicas"] == 3)
    })
    .expect("the Deployment becomes ready");

    let jobs = format!("/apis/batch/v1/namespaces/{namespace}/jobs");
    api.create(
        &jobs,
        &json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "once"},
            "spec": {"template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "main", "image": "example.test/main:1"}],
            }}},
        }),
    )
    .expect("is created");
    api.wait_until(&format!("{jobs}/once"), "the Job completing", PATIENCE, |seen| {
        seen.is_some_and(|object| object["status"]["succeeded"] == 1)
    })
    .expect("the Job completes");

    // Garbage collection: the Pods go with their Deployment.
    api.delete(&format!("{deployments}/web")).expect("is deleted");
    let pods = format!("/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dweb");
    api.wait_until(&pods, "the Pods going away", PATIENCE, |seen| {
        seen.is_some_and(|list| list["items"].as_array().is_some_and(Vec::is_empty))
    })
    .expect("the Pods go away");
}

#[test]
fn pods_fare_as_their_annotation_says() {
    let tenant = Bed::shared().expect("a bed").tenant("tenant1").expect("a tenant");
    let namespace = tenant.namespace("outcomes").expect("a namespace");
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let cases = [
        ("Succeeded", "Succeeded", json!("Completed"), "/state/terminated/reason"),
        ("Failed", "Failed", json!(1), "/state/terminated/exitCode"),
        ("CrashLoopBackOff", "Running", json!("CrashLoopBackOff"), "/state/waiting/reason"),
        ("ImagePullBackOff", "Pending", json!("ImagePullBackOff"), "/state/waiting/reason"),
    ];
    for (outcome, phase, value, place) in cases {
        let name = outcome.to_lowercase();
        tenant
            .api()
            .create(
                &pods,
                &json!({
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": name, "annotations": {"pintle.test/outcome": outcome}},
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [{"name": "main", "image": "example.test/main:1"}],
                    },
                }),
            )
            .expect("is created");
        tenant
            .api()
            .wait_until(&format!("{pods}/{name}"), outcome, PATIENCE, |seen| {
                seen.is_some_and(|pod| {
                    pod["status"]["phase"] == phase
                        && pod["status"]["containerStatuses"][0].pointer(place) == Some(&value)
                })
            })
            .expect("it fares so");
    }
    // Nothing has changed what was seen first.
    let pod = tenant.api().get(&format!("{pods}/imagepullbackoff")).expect("is there");
    assert_eq!(pod["status"]["phase"], "Pending");
}

#[test]
fn namespaces_are_deleted_with_what_is_in_them() {
    let management = Bed::shared().expect("a bed").management();
    let namespace = management.namespace("gone").expect("a namespace");
    let path = format!("/api/v1/namespaces/{namespace}");
    management
        .api()
        .create(
            &format!("{path}/configmaps"),
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "some"}}),
        )
        .expect("is created");
    drop(namespace);
    management
        .api()
        .wait_until(&path, "the namespace going away", PATIENCE, |seen| seen.is_none())
        .expect("the namespace goes away");
}

#[tokio::test]
async fn a_tenant_is_declared_as_kamaji_does_it() {
    let bed = Bed::shared().expect("a bed");
    let tenant = bed.tenant("tenant1").expect("a tenant");
    let namespace = bed.namespace("tenants").expect("a namespace");
    bed.publish(&tenant, &namespace).expect("is published");

    for namespace in [tenant.management_namespace(), &namespace] {
        let management = bed.management();
        let declared = management
            .api()
            .get(&format!(
                "/apis/kamaji.clastix.io/v1alpha1/namespaces/{namespace}/tenantcontrolplanes/tenant1"
            ))
            .expect("the tenant is declared");
        assert_eq!(declared["status"]["kubernetesResources"]["version"]["status"], "Ready");
        assert_eq!(declared["status"]["kubeconfig"]["admin"]["secretName"], "tenant1-admin-kubeconfig");
        assert_eq!(
            tenant.server(),
            format!("https://{}", declared["status"]["controlPlaneEndpoint"].as_str().unwrap())
        );

        let secret = management
            .api()
            .get(&format!("/api/v1/namespaces/{namespace}/secrets/{}", tenant.secret_name()))
            .expect("the Secret is there");
        assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], declared["metadata"]["uid"]);
        for (key, user) in
            [("admin.conf", "kubernetes-admin"), ("super-admin.conf", "kubernetes-super-admin")]
        {
            let text =
                BASE64_STANDARD.decode(secret["data"][key].as_str().expect("the key is there")).unwrap();
            let text = String::from_utf8(text).unwrap();
            let who =
                kubectl_as(&tenant, &text, &["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
            assert_eq!(who.success().expect("the kubeconfig works"), user);
            let may = kubectl_as(&tenant, &text, &["auth", "can-i", "*", "*", "--all-namespaces"]);
            assert_eq!(may.success().expect("the user may do everything").trim(), "yes");
        }
        assert!(secret["data"]["admin.svc"].is_string() && secret["data"]["super-admin.svc"].is_string());
    }
}

#[test]
fn users_may_only_what_they_are_granted() {
    let tenant = Bed::shared().expect("a bed").tenant("tenant1").expect("a tenant");
    let namespace = tenant.namespace("granted").expect("a namespace");
    let alice = tenant.kubeconfig_of("alice", None).expect("a kubeconfig");
    let arguments = ["get", "configmaps", "-n", namespace.name()];

    let refused = kubectl_as(&tenant, &alice, &arguments);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("User \"alice\" cannot list resource \"configmaps\""),
        "{}",
        refused.stderr
    );

    tenant.grant("alice", "view", &namespace).expect("is granted");
    let deadline = Instant::now() + PATIENCE;
    while kubectl_as(&tenant, &alice, &arguments).code != 0 {
        assert!(Instant::now() < deadline, "the grant never came into force");
    }
}

#[test]
fn the_audit_log_says_who_did_what() {
    let tenant = Bed::shared().expect("a bed").tenant("tenant1").expect("a tenant");
    let namespace = tenant.namespace("audited").expect("a namespace");
    let mark = tenant.audit().mark().expect("a mark");
    tenant
        .kubectl(["create", "configmap", "noted", "-n", &namespace])
        .and_then(pintle_testkit::Output::success)
        .expect("is created");
    tenant
        .kubectl(["get", "configmap", "noted", "-n", &namespace])
        .and_then(pintle_testkit::Output::success)
        .expect("is read");

    let events = tenant.audit().since(&mark).expect("the log is read").within(&namespace).on("configmaps");
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.verb.as_str(), event.name.as_str(), event.code, event.user.as_str()))
        .collect();
    let user = "kubernetes-super-admin";
    assert_eq!(seen, [("create", "noted", 201, user), ("get", "noted", 200, user)], "{events}");
    assert_eq!(events.clone().by_agent("kubectl/").len(), 2, "{events}");
    assert_eq!(events.writes().len(), 1);
    let mark = tenant.audit().mark().expect("a mark");
    assert!(tenant.audit().since(&mark).expect("the log is read").within(&namespace).is_empty());
}

#[test]
fn tenants_come_pause_stop_and_come_back_while_the_bed_runs() {
    let bed = Bed::shared().expect("a bed");
    let namespace = bed.namespace("own").expect("a namespace");
    let options = TenantOptions::new("mine").within(namespace.name()).machinery(Machinery::Api);
    let tenant = bed.add_tenant(&options).expect("a tenant");
    let path = "/api/v1/namespaces/default/configmaps";
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}});
    tenant.api().create(path, &object).expect("is created");

    tenant.pause().expect("pauses");
    let waiting = tenant.kubectl(["get", "configmaps", "--request-timeout=1s"]).expect("kubectl runs");
    assert_eq!(waiting.code, 1);
    tenant.resume().expect("resumes");
    tenant.api().get(path).expect("answers again");

    tenant.stop().expect("stops");
    assert!(matches!(tenant.api().get(path), Err(Error::Unanswered { .. })));
    tenant.start().expect("starts");
    tenant.api().get(&format!("{path}/kept")).expect("its data is still there");

    assert!(matches!(bed.add_tenant(&options), Err(Error::Refused { status: 409, .. })), "one of each name");
}

#[test]
fn a_bed_is_handed_on_to_other_processes() {
    let bed = Bed::shared().expect("a bed");
    let tenant = bed.tenant("tenant1").expect("a tenant");
    let attached = Bed::attach(bed.handover()).expect("attaches");
    let same = attached.tenant("tenant1").expect("the same tenant");
    assert_eq!(same.server(), tenant.server());
    same.kubectl(["get", "namespaces"]).and_then(pintle_testkit::Output::success).expect("kubectl works");
    same.audit().mark().expect("the audit log can be read");
    assert!(matches!(same.stop(), Err(Error::Foreign { .. })));

    let namespace = attached.namespace("guest").expect("a namespace");
    let guest = attached
        .add_tenant(&TenantOptions::new("tenant1").within(namespace.name()).machinery(Machinery::Api))
        .expect("a tenant of its own");
    assert_ne!(guest.server(), tenant.server());
    guest.stop().expect("its own tenant may be stopped");
}

#[test]
fn a_handover_that_leads_nowhere_says_what_to_do() {
    let error = Bed::attach(std::path::Path::new("/nowhere/bed.json")).expect_err("there is none");
    assert!(error.to_string().contains("unset it"), "{error}");
}

#[test]
fn a_program_of_the_bed_that_ended_is_named() {
    let bed = Bed::builder().management(Machinery::Api).boot().expect("a bed");
    bed.check().expect("all of it runs");
    let etcd = *bed.pids().last().expect("etcd");
    assert!(Command::new("kill").args(["-KILL", &etcd.to_string()]).status().unwrap().success());
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        match bed.check() {
            Err(error) => break error,
            Ok(()) => assert!(Instant::now() < deadline, "nobody misses etcd"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(error.to_string().starts_with("etcd of the bed ended with "), "{error}");
}

#[test]
fn a_bed_that_is_left_running_is_ended_by_its_script() {
    let bed = Bed::builder().management(Machinery::Api).boot().expect("a bed");
    let pids = bed.pids();
    let script = bed.leave_running().expect("it is left running");
    drop(bed);
    assert_eq!(pids.len(), 2, "etcd and an API server");
    assert!(pids.iter().all(|pid| alive(*pid)));
    assert!(Command::new("/bin/sh").arg(&script).status().unwrap().success());
    let deadline = Instant::now() + PATIENCE;
    while pids.iter().any(|pid| alive(*pid)) {
        assert!(Instant::now() < deadline, "something is still running: {pids:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!script.exists());
}

#[test]
fn everything_ends_with_the_process_that_booted_it_also_when_that_is_killed() {
    let example = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples/bed");
    let mut program = Command::new(&example)
        .arg("--api")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{}: {error}; `cargo test -p pintle-testkit` builds it", example.display())
        });
    let mut pids = Vec::new();
    let mut folder = None;
    for line in std::io::BufRead::lines(std::io::BufReader::new(program.stdout.take().unwrap())) {
        let line = line.unwrap();
        if let Some(path) = line.split("PINTLE_BED=").nth(1) {
            folder = std::path::Path::new(path).parent().map(std::path::Path::to_owned);
        }
        if let Some(list) = line.strip_prefix("pids: ") {
            pids = list.split(' ').map(|pid| pid.parse::<u32>().unwrap()).collect();
            break;
        }
    }
    let folder = folder.expect("the program says its folder");
    assert_eq!(pids.len(), 3, "etcd and two API servers");
    assert!(pids.iter().all(|pid| alive(*pid)));
    assert!(folder.is_dir());

    // SIGKILL: the program has no chance to clean up.
    program.kill().unwrap();
    program.wait().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while pids.iter().any(|pid| alive(*pid)) || folder.exists() {
        assert!(Instant::now() < deadline, "something outlives its process: {pids:?}, {}", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn alive(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

//! Waiting by Helm 3's rules, beside the real Helm's `--wait=legacy`.

use std::time::Duration;

use pintle::{Class, Wait};

use crate::bed::{Stage, chart_of, nobody, values};

/// A chart whose parts are ready, fail or never come, as the values say.
const FILES: [(&str, &str); 5] = [
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    (
        "templates/deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  replicas: 2\n  \
         selector: {matchLabels: {app: {{ .Release.Name }}}}\n  template:\n    \
         metadata: {labels: {app: {{ .Release.Name }}}}\n    spec:\n      \
         {{- with .Values.node }}\n      nodeSelector: {node: {{ . }}}\n      {{- end }}\n      \
         containers: [{name: web, image: \"registry.example/web:1\"}]\n",
    ),
    (
        "templates/job.yaml",
        "{{ with .Values.job }}\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ $.Release.Name }}-job\n  \
         {{ if .hook }}annotations: {helm.sh/hook: pre-install}{{ end }}\nspec:\n  backoffLimit: 0\n  template:\n    \
         metadata: {annotations: {pintle.test/outcome: {{ .outcome }}}}\n    spec:\n      restartPolicy: Never\n      \
         containers: [{name: job, image: \"registry.example/job:1\"}]\n{{ end }}\n",
    ),
    (
        "templates/claim.yaml",
        "{{ if .Values.claim }}\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: {{ .Release.Name }}}\nspec: \
         {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}\n{{ end }}\n",
    ),
    (
        // No rule of Helm 3's speaks about it, so it is ready at once.
        "templates/budget.yaml",
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: {{ .Release.Name }}}\nspec: \
         {minAvailable: 1, selector: {matchLabels: {app: nothing}}}\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_legacy_strategy_ends_as_helms_does() {
    let stage = Stage::new("legacy").await;
    let helm = stage.helm();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let folder = folder.path().display().to_string();
    let chart = chart_of(&FILES);
    // What the values are, whether Jobs are waited for, how long, and what is said where it fails.
    let cases = [
        ("ready", "{}", false, "60s", None),
        ("stuck", r#"{"node": "nowhere"}"#, false, "6s", Some("context deadline exceeded")),
        ("unbound", r#"{"claim": true}"#, false, "6s", Some("context deadline exceeded")),
        ("unlooked-at", r#"{"job": {"outcome": "Failed"}}"#, false, "60s", None),
        ("complete", r#"{"job": {"outcome": "Succeeded"}}"#, true, "60s", None),
        (
            "hooked",
            r#"{"job": {"outcome": "Failed", "hook": true}}"#,
            false,
            "60s",
            Some("job hooked-job failed: BackoffLimitExceeded"),
        ),
        (
            "slow-hook",
            r#"{"job": {"outcome": "Pending", "hook": true}}"#,
            false,
            "4s",
            Some("timed out waiting for the condition"),
        ),
    ];
    for (name, given, jobs, timeout, says) in cases {
        let wait = if jobs { Wait::LegacyAndJobs } else { Wait::Legacy };
        let limit = Duration::from_secs(timeout.trim_end_matches('s').parse().unwrap());
        let plan = stage.release(name).plan_install(&chart).values(values(given)).wait(wait).timeout(limit);
        let ended = plan.await.unwrap().run(&(), &nobody()).await;

        let theirs = format!("{name}-h");
        let mut command = vec!["install", &theirs, &folder, "--namespace", stage.namespace.name()];
        command.extend(["--wait=legacy", "--timeout", timeout, "--set-json", given]);
        if jobs {
            command.push("--wait-for-jobs");
        }
        let output = helm.run(&command).unwrap();
        let helm_says = output.stderr.replace(&theirs, name);
        match (says, ended) {
            (None, Ok(_)) => assert_eq!(output.code, 0, "{name}: {helm_says}"),
            (Some(says), Err(error)) => {
                let reason = &error.failure().unwrap_or_else(|| panic!("{name}: {error}")).reason;
                assert!(reason.starts_with(says), "{name}: {reason}");
                assert_ne!(output.code, 0, "{name}");
                assert!(
                    helm_says.trim_end().ends_with(reason.as_str()),
                    "{name}: {reason:?}, Helm: {helm_says}"
                );
                assert_eq!(error.class(), Class::Retry, "{name}");
            }
            (_, ended) => panic!("{name}: {ended:?}, Helm: {helm_says}"),
        }
    }
}

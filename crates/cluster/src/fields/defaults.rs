//! What the server makes of wanted objects of the built-in kinds.

use pintle_value::{Data, DataList, DataMap};

use crate::Gvk;

/// A wanted object with what the server adds to parts that it takes as a whole, where that depends on the rest of
/// the object, and without what its controllers fill in.
pub(super) fn defaulted(gvk: &Gvk, body: DataMap) -> DataMap {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        // The rules are collected from other roles (Kubernetes: `clusterroleaggregation_controller.go`).
        ("rbac.authorization.k8s.io", "ClusterRole") if body.contains_key("aggregationRule") => {
            body.without("rules")
        }
        ("", "LimitRange") => limit_range(body),
        _ => body,
    }
}

/// Kubernetes: `pkg/apis/core/v1/defaults.go`, `SetDefaults_LimitRangeItem`.
fn limit_range(body: DataMap) -> DataMap {
    let Some(spec) = body.get("spec").and_then(Data::as_map) else { return body };
    let Some(limits) = spec.get("limits").and_then(Data::as_list) else { return body };
    let limits: DataList = limits.iter().map(limit).collect();
    body.with("spec", Data::Map(spec.with("limits", Data::List(limits))))
}

fn limit(limit: &Data) -> Data {
    let Some(item) = limit.as_map() else { return limit.clone() };
    if item.get("type").and_then(Data::as_str) != Some("Container") {
        return limit.clone();
    }
    let map = |key: &str| item.get(key).and_then(Data::as_map).cloned().unwrap_or_default();
    let filled = |map: DataMap, from: &DataMap| {
        from.iter().fold(map, |map, (name, value)| match map.get_bytes(name.as_bytes()) {
            Some(_) => map,
            None => map.with(name.clone(), value.clone()),
        })
    };
    let default = filled(map("default"), &map("max"));
    let request = filled(filled(map("defaultRequest"), &default), &map("min"));
    let set = |item: DataMap, key: &str, map: DataMap| {
        if map.is_empty() { item } else { item.with(key, Data::Map(map)) }
    };
    Data::Map(set(set(item.clone(), "default", default), "defaultRequest", request))
}

/// What the server adds to parts that it takes as a whole, and to the keys of lists (Kubernetes: the `SetDefaults_…`
/// functions of the built-in kinds).
pub(super) fn is_default(name: &str, value: &Data) -> bool {
    match name {
        "protocol" => value.as_str() == Some("TCP"),
        "apiGroup" => matches!(value.as_str(), Some("rbac.authorization.k8s.io" | "")),
        "scope" => value.as_str() == Some("*"),
        "apiVersion" => value.as_str() == Some("v1"),
        "kind" => value.as_str() == Some("PersistentVolumeClaim"),
        "divisor" => value.as_str() == Some("0"),
        "volumeMode" => value.as_str() == Some("Filesystem"),
        "expirationSeconds" => value.as_i64() == Some(3600),
        "status" => value.get("phase").and_then(Data::as_str) == Some("Pending"),
        "creationTimestamp" => value.is_null(),
        _ => false,
    }
}

/// The value that the server puts where a field is wanted empty (Kubernetes: `pkg/apis/core/v1/defaults.go`,
/// `pkg/apis/apps/v1/defaults.go`, `pkg/apis/batch/v1/defaults.go`). `siblings` are the fields beside it.
pub(super) fn default_of(name: &str, siblings: &DataMap) -> Option<Data> {
    Some(match name {
        "imagePullPolicy" => {
            let image = siblings.get("image").and_then(Data::as_str)?;
            let name = image.rsplit('/').next().unwrap_or(image);
            let latest = !image.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
            Data::from(if latest { "Always" } else { "IfNotPresent" })
        }
        "replicas"
        | "parallelism"
        | "completions"
        | "successThreshold"
        | "timeoutSeconds"
        | "failedJobsHistoryLimit"
        | "minReplicas" => Data::from(1_i64),
        "podManagementPolicy" => Data::from("OrderedReady"),
        "restartPolicy" => Data::from("Always"),
        "protocol" => Data::from("TCP"),
        "sessionAffinity" => Data::from("None"),
        "dnsPolicy" => Data::from("ClusterFirst"),
        "schedulerName" => Data::from("default-scheduler"),
        "terminationMessagePolicy" => Data::from("File"),
        "terminationMessagePath" => Data::from("/dev/termination-log"),
        "terminationGracePeriodSeconds" => Data::from(30_i64),
        "revisionHistoryLimit" | "periodSeconds" => Data::from(10_i64),
        "failureThreshold" | "successfulJobsHistoryLimit" => Data::from(3_i64),
        "progressDeadlineSeconds" => Data::from(600_i64),
        "backoffLimit" => Data::from(6_i64),
        "concurrencyPolicy" => Data::from("Allow"),
        "scheme" => Data::from("HTTP"),
        "defaultMode" => Data::from(420_i64),
        "externalTrafficPolicy" | "internalTrafficPolicy" => Data::from("Cluster"),
        "volumeMode" => Data::from("Filesystem"),
        "type" if siblings.contains_key("ports") => Data::from("ClusterIP"),
        "type" if siblings.contains_key("data") || siblings.contains_key("stringData") => {
            Data::from("Opaque")
        }
        _ => return None,
    })
}

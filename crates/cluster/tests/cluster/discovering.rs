use pintle_cluster::{ApplyOptions, DeleteOptions, Error, Gvk, Placement};

use crate::bed::Place;

#[tokio::test]
async fn all_kinds_are_known_by_two_requests() {
    let place = Place::new("discovery").await;
    let discovery = place.target.discovery(&place.scope).await.unwrap();
    assert_eq!(place.target.counts().reads, 2);
    place.target.discovery(&place.scope).await.unwrap();
    assert_eq!(place.target.counts().reads, 2, "what is known is not asked for");

    let deployment = discovery.resource(&Gvk::new("apps", "v1", "Deployment")).unwrap();
    assert_eq!((deployment.plural.as_str(), deployment.placement), ("deployments", Placement::Namespaced));
    assert!(deployment.subresources.contains("scale") && deployment.can("patch"));
    assert_eq!(discovery.preferred("autoscaling", "HorizontalPodAutoscaler").unwrap().gvk.version, "v2");
    let capabilities = discovery.capabilities();
    assert!(
        ["v1", "v1/Pod", "apps/v1", "apps/v1/Deployment"].iter().all(|name| capabilities.contains(*name))
    );

    let unknown =
        place.target.resource(&place.scope, &Gvk::new("example.com", "v1", "Thing")).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownKind { .. }), "{unknown}");
    assert!(place.target.server_version(&place.scope).await.unwrap().git_version.starts_with("v1."));
}

#[tokio::test]
async fn capabilities_are_helms() {
    let place = Place::new("capabilities").await;
    let chart = tempfile::tempdir().unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    std::fs::write(chart.path().join("Chart.yaml"), "apiVersion: v2\nname: versions\nversion: 1.0.0\n")
        .unwrap();
    std::fs::write(
        chart.path().join("templates/NOTES.txt"),
        "{{ range .Capabilities.APIVersions }}= {{ . }}\n{{ end }}",
    )
    .unwrap();
    let path = chart.path().display().to_string();
    let output = place.helm(&["install", "versions", &path, "--dry-run=server"]).await;
    // Other tests make and delete CRDs of this domain meanwhile.
    let lasts = |name: &&str| !name.contains(".example.com/");
    let mut helms: Vec<&str> =
        output.lines().filter_map(|line| line.strip_prefix("= ")).filter(lasts).collect();
    helms.sort_unstable();
    let discovery = place.target.discovery(&place.scope).await.unwrap();
    let ours: Vec<&str> = discovery.capabilities().iter().map(String::as_str).filter(lasts).collect();
    assert_eq!(ours, helms);
}

#[tokio::test]
async fn what_is_known_follows_the_crds() {
    let place = Place::new("following").await;
    let (target, scope) = (&place.target, &place.scope);
    let group = format!("{}.example.com", place.namespace);
    let thing = Gvk::new(&group, "v1", "Thing");
    let following = tokio::spawn({
        let (target, scope) = (target.clone(), scope.child());
        async move { target.follow_crds(&scope).await }
    });
    let crd = crate::installing::crd(&group, &serde_json::json!({"size": {"type": "integer"}}));
    // Without a watch the cache would not know of it for ten minutes, and of its end for ten more.
    let until = |known: bool| {
        let thing = &thing;
        async move {
            while target.discovery(scope).await.unwrap().resource(thing).is_some() != known {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    };
    until(false).await;
    target.apply(scope, &crd, ApplyOptions::default()).await.unwrap();
    until(true).await;
    target.delete(scope, crd.reference(), &DeleteOptions::default()).await.unwrap();
    until(false).await;
    assert!(!following.is_finished());
    following.abort();
}

#[tokio::test]
async fn kinds_are_found_where_they_went() {
    let place = Place::new("moved").await;
    let discovery = place.target.discovery(&place.scope).await.unwrap();
    let found = |group: &str, version: &str, kind: &str| {
        let gvk = Gvk::new(group, version, kind);
        discovery.successor(&gvk).map(|resource| resource.gvk.api_version())
    };
    assert_eq!(found("apps", "v1", "Deployment").as_deref(), Some("apps/v1"));
    assert_eq!(found("apps", "v1beta1", "Deployment").as_deref(), Some("apps/v1"));
    assert_eq!(found("extensions", "v1beta1", "Deployment").as_deref(), Some("apps/v1"));
    assert_eq!(found("extensions", "v1beta1", "Ingress").as_deref(), Some("networking.k8s.io/v1"));
    assert_eq!(found("policy", "v1beta1", "PodDisruptionBudget").as_deref(), Some("policy/v1"));
    assert_eq!(found("policy", "v1beta1", "PodSecurityPolicy"), None);
}

//! What can be built: each part, its module, and how it is built.

/// The Go toolchain that builds every part: the one that Helm 4.3.1 was released with. Rendered output
/// depends on it (the texts of `encoding/json`'s errors), and one toolchain for all parts lets them share
/// Go's build cache.
pub(crate) const GO_TOOLCHAIN: &str = "go1.27.3";

/// The linker's flags that let a Go program that holds Helm's packages call itself what the released Helm 4.3.1 does.
pub const HELM_LDFLAGS: &str = "-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.1 \
    -X helm.sh/helm/v4/internal/version.gitTreeState=clean";

/// Something that `go` builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// etcd and the Kubernetes programs in one binary, from `tests/controlplane`.
    ControlPlane,
    /// kwok, which plays the kubelet of nodes that do not exist, with its stages.
    Kwok,
    /// Helm 4.
    Helm4,
    /// Helm 3.
    Helm3,
    /// The loop around Helm's engine that benchmarks compare with, from `benches/helm`.
    HelmRender,
}

impl Part {
    /// The name of the part, which is also that of its folder in the cache.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "controlplane",
            Self::Kwok => "kwok",
            Self::Helm4 => "helm-4.3.1",
            Self::Helm3 => "helm-3.22.0",
            Self::HelmRender => "helm-render",
        }
    }

    /// The programs that the part holds.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::ControlPlane => {
                &["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"]
            }
            Self::Kwok => &["kwok"],
            Self::Helm4 | Self::Helm3 => &["helm"],
            Self::HelmRender => &["helm-render"],
        }
    }

    /// The package and version that `go install` gets; `None` for what is built from this repository.
    pub(crate) fn package(self) -> Option<&'static str> {
        match self {
            Self::ControlPlane | Self::HelmRender => None,
            Self::Kwok => Some("sigs.k8s.io/kwok/cmd/kwok@v0.8.0"),
            Self::Helm4 => Some("helm.sh/helm/v4/cmd/helm@v4.3.1"),
            Self::Helm3 => Some("helm.sh/helm/v3/cmd/helm@v3.22.0"),
        }
    }

    /// The folder of its Go module in this repository; `None` for what `go install` gets.
    pub(crate) fn module(self) -> Option<&'static str> {
        match self {
            Self::ControlPlane => Some("tests/controlplane"),
            Self::HelmRender => Some("benches/helm"),
            Self::Kwok | Self::Helm4 | Self::Helm3 => None,
        }
    }

    /// The linker's flags. The versions are those that a released binary has: without them the API server
    /// calls itself `v0.0.0-master`, which charts with a `kubeVersion` refuse, and Helm 4 calls itself
    /// `v4.3`, which a chart sees in `.Capabilities.HelmVersion`.
    pub(crate) fn ldflags(self) -> &'static str {
        match self {
            Self::ControlPlane => {
                "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2 \
                 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"
            }
            Self::Kwok | Self::HelmRender => "-s -w",
            Self::Helm4 => HELM_LDFLAGS,
            Self::Helm3 => {
                "-s -w -X helm.sh/helm/v3/internal/version.version=v3.22.0 \
                 -X helm.sh/helm/v3/internal/version.gitTreeState=clean \
                 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 \
                 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=37 \
                 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
                 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37"
            }
        }
    }

    /// Roughly how long a build takes with empty caches on two cores, to be told to whoever waits.
    pub(crate) fn duration(self) -> &'static str {
        match self {
            Self::ControlPlane => "about 10 minutes",
            Self::Kwok => "about 2 minutes",
            Self::Helm4 | Self::Helm3 | Self::HelmRender => "about 3 minutes",
        }
    }
}

/// Which of kwok's stages are used: nodes and Pods that are ready at once, Jobs that complete.
pub(crate) const KWOK_STAGES: [&str; 3] = ["node/fast", "node/heartbeat-with-lease", "pod/fast"];

/// The module that [`KWOK_STAGES`] come from.
pub(crate) const KWOK_MODULE: &str = "sigs.k8s.io/kwok@v0.8.0";

/// The version of Kubernetes that [`Part::ControlPlane`] is.
pub(crate) const KUBERNETES_VERSION: &str = "v1.37.2";

//! What `.Capabilities` says: the versions of Kubernetes, of its APIs and of Helm.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use pintle_value::{Data, Kind, List, MethodError, Object, Str, Type, Underlying, Value, types};

/// The API versions that Helm 4.3.1 knows without a cluster, in its order (recorded from Helm itself).
const API_VERSIONS: &str = include_str!("api_versions.txt");

/// The version of Helm whose output this crate gives, as templates see it.
const HELM_VERSION: &str = "v4.3.1";

/// What a cluster can do, as templates see it (Helm: `pkg/chart/common/capabilities.go`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// The API versions (`apps/v1`), and of a live cluster also the kinds in them (`apps/v1/Deployment`).
    pub api_versions: Arc<[String]>,
}

impl Capabilities {
    /// What Helm 4.3.1 assumes without a cluster: Kubernetes v1.37.0 and the APIs that it has types of.
    pub fn offline() -> Self {
        Self {
            kube_version: KubeVersion {
                version: "v1.37.0".to_owned(),
                normalized: "v1.37.0".to_owned(),
                major: "1".to_owned(),
                minor: "37".to_owned(),
            },
            api_versions: API_VERSIONS.lines().map(str::to_owned).collect(),
        }
    }

    /// The same with another version of Kubernetes.
    #[must_use]
    pub fn with_kube_version(mut self, version: KubeVersion) -> Self {
        self.kube_version = version;
        self
    }

    /// The same with these API versions behind those that are there.
    #[must_use]
    pub fn with_more_api_versions<S: Into<String>>(mut self, versions: impl IntoIterator<Item = S>) -> Self {
        self.api_versions =
            self.api_versions.iter().cloned().chain(versions.into_iter().map(Into::into)).collect();
        self
    }

    /// The same with these API versions and no others.
    #[must_use]
    pub fn with_api_versions<S: Into<String>>(mut self, versions: impl IntoIterator<Item = S>) -> Self {
        self.api_versions = versions.into_iter().map(Into::into).collect();
        self
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::offline()
    }
}

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KubeVersion {
    /// As the cluster says it, such as `v1.33.4-gke.1245000`.
    pub version: String,
    /// The part that constraints look at, such as `v1.33.4`; empty where the cluster's text is looked at whole.
    pub normalized: String,
    /// The first number.
    pub major: String,
    /// The second number; some clusters add a `+`.
    pub minor: String,
}

impl KubeVersion {
    /// The version in a flag such as `--kube-version`: at least two numbers, whatever follows is kept but not
    /// compared. The error is Helm's text (`k8s.io/apimachinery/pkg/util/version`, `ParseGeneric`).
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let end = bare.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(bare.len());
        let (mut numbers, _) = bare.split_at(end);
        // Only whole parts count: of `1.2.` the two numbers, as the pattern `\d+(\.\d+)*` takes them.
        let mut count = 0;
        let mut length = 0;
        for part in numbers.split('.') {
            if part.is_empty() {
                break;
            }
            length += part.len() + usize::from(count > 0);
            count += 1;
        }
        numbers = numbers.get(..length).unwrap_or_default();
        let parts: Vec<&str> = numbers.split('.').collect();
        if count == 0 {
            return Err(format!("could not parse {} as version", pintle_value::quoted(text)));
        }
        if count < 2 {
            return Err(format!("illegal version string {}", pintle_value::quoted(text)));
        }
        for part in &parts {
            if part.len() > 1 && part.starts_with('0') {
                return Err(format!(
                    "illegal zero-prefixed version component {} in {}",
                    pintle_value::quoted(part),
                    pintle_value::quoted(text)
                ));
            }
            if part.parse::<u64>().is_err() {
                return Err(format!(
                    "illegal non-numeric version component {} in {}: strconv.ParseUint: parsing {}: value out of range",
                    pintle_value::quoted(part),
                    pintle_value::quoted(text),
                    pintle_value::quoted(part)
                ));
            }
        }
        let version = if text.starts_with('v') { text.to_owned() } else { format!("v{text}") };
        let part = |index: usize| parts.get(index).map_or_else(String::new, |part| (*part).to_owned());
        Ok(Self { version, normalized: format!("v{numbers}"), major: part(0), minor: part(1) })
    }

    /// What a live cluster's `/version` says.
    pub fn of_cluster(git_version: &str, major: &str, minor: &str) -> Self {
        Self {
            version: git_version.to_owned(),
            normalized: String::new(),
            major: major.to_owned(),
            minor: minor.to_owned(),
        }
    }

    /// What constraints compare (Go: `KubeVersion.String`).
    pub fn comparable(&self) -> &str {
        if self.normalized.is_empty() { &self.version } else { &self.normalized }
    }
}

impl fmt::Display for KubeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.comparable())
    }
}

/// The parameters of a method that takes a string.
pub(crate) static ONE_STRING: &[&Type] = &[&types::STRING];

static CAPABILITIES: Type = Type::plain("common.Capabilities", Kind::Struct);
static CAPABILITIES_POINTER: Type = Type::pointer("*common.Capabilities", &CAPABILITIES);
static KUBE_VERSION: Type = Type::plain("common.KubeVersion", Kind::Struct);
static VERSION_SET: Type = Type::slice("common.VersionSet", &types::STRING);
static BUILD_INFO: Type = Type::plain("version.BuildInfo", Kind::Struct);

/// `.Capabilities` in a run: a pointer to a struct.
#[derive(Debug)]
pub(crate) struct CapabilitiesObject(pub(crate) Capabilities);

impl Object for CapabilitiesObject {
    fn go_type(&self) -> &'static Type {
        &CAPABILITIES_POINTER
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(Value::object(KubeVersionObject(self.0.kube_version.clone()))),
            "APIVersions" => Some(Value::object(VersionSetObject(Arc::clone(&self.0.api_versions)))),
            "HelmVersion" => Some(Value::object(HelmVersionObject)),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        (name == "Copy").then_some((&[], false))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, MethodError> {
        Ok(Value::object(Self(self.0.clone())))
    }

    fn print(&self) -> Str {
        let kube = KubeVersionObject(self.0.kube_version.clone()).inner();
        let apis = VersionSetObject(Arc::clone(&self.0.api_versions)).print();
        Str::from(format!("&{{{kube} {apis} {}}}", HelmVersionObject.print()))
    }

    fn to_data(&self) -> Data {
        [
            ("KubeVersion", KubeVersionObject(self.0.kube_version.clone()).to_data()),
            ("APIVersions", VersionSetObject(Arc::clone(&self.0.api_versions)).to_data()),
            ("HelmVersion", HelmVersionObject.to_data()),
        ]
        .into_iter()
        .collect()
    }

    fn json_members(&self) -> Option<Vec<(&'static str, Value)>> {
        let members = ["KubeVersion", "APIVersions", "HelmVersion"];
        Some(members.into_iter().filter_map(|name| Some((name, self.field(name)?))).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.KubeVersion`: a struct whose methods the pointer has, and a template may take it.
#[derive(Debug)]
struct KubeVersionObject(KubeVersion);

impl KubeVersionObject {
    /// How Go prints the struct.
    fn inner(&self) -> String {
        let KubeVersion { version, normalized, major, minor } = &self.0;
        format!("{{{version} {normalized} {major} {minor}}}")
    }
}

impl Object for KubeVersionObject {
    fn go_type(&self) -> &'static Type {
        &KUBE_VERSION
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(Value::from(match name {
            "Version" => self.0.version.as_str(),
            "Major" => self.0.major.as_str(),
            "Minor" => self.0.minor.as_str(),
            _ => return None,
        }))
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        matches!(name, "String" | "GitVersion").then_some((&[], false))
    }

    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, MethodError> {
        Ok(Value::from(if name == "GitVersion" { &*self.0.version } else { self.0.comparable() }))
    }

    fn print(&self) -> Str {
        // The value has no String method, only the pointer to it has.
        Str::from(self.inner())
    }

    fn prints_itself(&self) -> bool {
        false
    }

    fn underlying(&self) -> Option<Underlying> {
        let KubeVersion { version, normalized, major, minor } = &self.0;
        Some(Underlying::Struct(vec![
            ("Version", Value::from(version.as_str())),
            ("normalizedVersion", Value::from(normalized.as_str())),
            ("Major", Value::from(major.as_str())),
            ("Minor", Value::from(minor.as_str())),
        ]))
    }

    fn print_addressed(&self) -> Str {
        Str::from(self.0.comparable())
    }

    fn json_members(&self) -> Option<Vec<(&'static str, Value)>> {
        let members = ["Version", "Major", "Minor"];
        Some(members.into_iter().filter_map(|name| Some((name, self.field(name)?))).collect())
    }

    fn to_data(&self) -> Data {
        [
            ("Version", Data::from(&self.0.version)),
            ("Major", Data::from(&self.0.major)),
            ("Minor", Data::from(&self.0.minor)),
        ]
        .into_iter()
        .collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.APIVersions`: a slice of strings with the method `Has`.
#[derive(Debug)]
struct VersionSetObject(Arc<[String]>);

impl Object for VersionSetObject {
    fn go_type(&self) -> &'static Type {
        &VERSION_SET
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        (name == "Has").then_some((ONE_STRING, false))
    }

    fn call(&self, _name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let wanted = args.first().and_then(Value::as_str);
        let has =
            wanted.is_some_and(|wanted| self.0.iter().any(|version| version.as_bytes() == wanted.as_bytes()));
        Ok(Value::Bool(has))
    }

    fn as_list(&self) -> Option<List> {
        Some(List::strings(self.0.iter().map(String::as_str)))
    }

    fn print(&self) -> Str {
        Str::from(format!("[{}]", self.0.join(" ")))
    }

    fn to_data(&self) -> Data {
        self.0.iter().map(Data::from).collect()
    }

    fn prints_itself(&self) -> bool {
        false
    }

    fn underlying(&self) -> Option<Underlying> {
        self.as_list().map(|list| Underlying::Value(Value::List(list)))
    }

    fn is_true(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.HelmVersion`.
#[derive(Debug)]
struct HelmVersionObject;

/// Its fields: the name in Go, the name in JSON, and what it says (Helm: `internal/version/version.go`, `BuildInfo`). The
/// commit differs from build to build and stays empty; the state of the sources is that of every release.
const HELM_VERSION_FIELDS: [(&str, &str, &str); 5] = [
    ("Version", "version", HELM_VERSION),
    ("GitCommit", "git_commit", ""),
    ("GitTreeState", "git_tree_state", "clean"),
    ("GoVersion", "go_version", "go1.27.3"),
    ("KubeClientVersion", "kube_client_version", "v1.37"),
];

impl HelmVersionObject {
    /// The members in JSON, without empty ones.
    fn members() -> impl Iterator<Item = (&'static str, &'static str)> {
        HELM_VERSION_FIELDS.iter().filter(|(.., text)| !text.is_empty()).map(|(_, name, text)| (*name, *text))
    }
}

impl Object for HelmVersionObject {
    fn go_type(&self) -> &'static Type {
        &BUILD_INFO
    }

    fn field(&self, name: &str) -> Option<Value> {
        let (.., text) = HELM_VERSION_FIELDS.iter().find(|(field, ..)| *field == name)?;
        Some(Value::from(*text))
    }

    fn print(&self) -> Str {
        Str::from(format!("{{{}}}", HELM_VERSION_FIELDS.map(|(.., text)| text).join(" ")))
    }

    fn to_data(&self) -> Data {
        Self::members().map(|(name, text)| (name, Data::from(text))).collect()
    }

    fn prints_itself(&self) -> bool {
        false
    }

    fn underlying(&self) -> Option<Underlying> {
        let fields = HELM_VERSION_FIELDS.map(|(name, _, text)| (name, Value::from(text)));
        Some(Underlying::Struct(fields.into()))
    }

    fn json_members(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(Self::members().map(|(name, text)| (name, Value::from(text))).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

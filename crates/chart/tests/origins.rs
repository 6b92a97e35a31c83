//! Who set which value: files, flags, charts around, imports, globals.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

use pintle_chart::{Chart, Effect, File, Limits, Origins, Setter, Values};
use pintle_value::ValuePath;

const PARENT: &str = "replicas: 1
global: {zone: eu}
db:
  size: 1Gi
  auth:
    user: admin
labels:
  - {name: a}
  - {name: b}
";

const CHILD: &str = "size: 2Gi
port: 5432
auth:
  user: postgres
  # a comment
  \"password.old\": x
global:
  zone: us
  child: {only: here}
exports:
  data:
    shared: {name: db}
deep: {er: {value: 1}}
";

fn chart() -> Chart {
    let files = vec![
        File::new(
            "Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: db, version: 1.0.0, alias: store, \
             import-values: [data, {child: deep.er, parent: taken}]}\n- {name: db, version: 1.0.0}\n",
        ),
        File::new("values.yaml", PARENT),
        File::new("charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n"),
        File::new("charts/db/values.yaml", CHILD),
    ];
    Chart::from_files(files, &Limits::default()).unwrap()
}

fn origins(values: &Values) -> Origins {
    let processed = chart().process_dependencies(values.data()).unwrap();
    Origins::new(&processed.chart, values)
}

fn said(origins: &Origins, path: &str) -> String {
    let path: ValuePath = path.split('/').fold(ValuePath::root(), |path, step| match step.parse() {
        Ok(index) => path.item(index),
        Err(_) => path.key(step),
    });
    origins.of(&path).map_or_else(|| "nobody".to_owned(), |origin| origin.to_string())
}

#[test]
fn charts_set_what_nobody_else_does() {
    let origins = origins(&Values::default());
    for (path, expected) in [
        ("replicas", "set by web/values.yaml:1:1"),
        ("db/size", "set by web/values.yaml:4:3"),
        ("db/auth/user", "set by web/values.yaml:6:5"),
        ("db/port", "set by web/charts/db/values.yaml:2:1"),
        ("db/auth/password.old", "set by web/charts/db/values.yaml:6:3"),
        ("store/size", "set by web/charts/store/values.yaml:1:1"),
        ("labels/1/name", "set by web/values.yaml:9:6"),
        ("db/global/zone", "set by web/values.yaml:2:10"),
        ("db/global/child/only", "set by web/charts/db/values.yaml:9:11"),
        ("shared/name", "set by web/charts/store/values.yaml:12:14"),
        ("taken/value", "set by web/charts/store/values.yaml:13:13"),
        ("nothing", "nobody"),
        ("db/nothing", "nobody"),
        ("replicas/below", "set by web/values.yaml:1:1"),
    ] {
        assert_eq!(said(&origins, path), expected, "{path}");
    }
    let global = origins.of(&ValuePath::of_keys(["db", "global", "zone"])).unwrap();
    assert_eq!(global.path.to_string(), "global.zone");
    assert_eq!(global.setter, Setter::Chart("web".to_owned()));
}

#[test]
fn the_user_wins_the_last_one_first() {
    let values = Values::builder()
        .file("a.yaml", "replicas: 2\ndb:\n  size: 5Gi\n  port: null\nhosts: [x, y]\n")
        .file("b.yaml", "# second\r\ndb: {size: 6Gi}\r\n---\r\ndb:\r\n  late: 1\r\n")
        .set("db.auth.user=root,hosts[1]=z")
        .set("ports[1].name=b")
        .set_string("global.zone=ap")
        .set_json("labels=null")
        .build()
        .unwrap();
    let origins = origins(&values);
    for (path, expected) in [
        ("replicas", "set by a.yaml:1:1"),
        ("db/size", "set by b.yaml:2:6"),
        ("db/late", "set by b.yaml:5:3"),
        ("db/port", "removed by a.yaml:4:3"),
        ("db/auth/user", "set by --set"),
        ("hosts/0", "set by a.yaml:5:9"),
        ("hosts/1", "set by --set"),
        ("store/global/zone", "set by --set-string"),
        ("labels", "removed by --set-json"),
        ("labels/0/name", "removed by --set-json"),
        ("hosts/2", "set by --set"),
        ("ports/0/name", "set by --set"),
        ("ports/1/name", "set by --set"),
    ] {
        assert_eq!(said(&origins, path), expected, "{path}");
    }
    let port = origins.of(&ValuePath::of_keys(["db", "port"])).unwrap();
    assert_eq!((port.setter, port.effect), (Setter::User, Effect::Removed));
}

#[test]
fn values_without_a_record_are_the_callers() {
    let data = Values::builder().set("a.b=1").build().unwrap().data().clone();
    let origins = origins(&Values::new(data));
    assert_eq!(said(&origins, "a/b"), "set by the given values");
    assert_eq!(said(&origins, "replicas"), "set by web/values.yaml:1:1");
}

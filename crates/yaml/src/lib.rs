//! YAML as Helm reads and writes it: go-yaml's v2 and v3 flavours.

//! The chart format: Chart.yaml, archives, ignore rules, values, dependencies, schema and packaging.

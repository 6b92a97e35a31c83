//! YAML of a chart into its types.

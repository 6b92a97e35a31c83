//! Chart, values and capabilities in; documents, hooks, CRDs and notes out, each with the template line it came from.

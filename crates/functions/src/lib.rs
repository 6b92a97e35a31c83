//! The functions that Helm offers to templates: Sprig, encodings, dates, cryptography, versions, regular expressions.

//! The program `pintle-controller`.

fn main() {}

//! What was deployed: the release record, its codec and the trait of its stores.

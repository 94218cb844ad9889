//! How to do what an event source is for.

//! The simulated cluster: what its hosts are made of.

pub mod disk;

//! What the harness can do to a host beside ending its process: still hosts, wrong clocks, wires that stop one in time.

mod clocks;
mod pauses;
mod tripwires;
mod witness;
mod world;

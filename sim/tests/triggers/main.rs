//! Triggers: that each event is counted where and when it happens, and on which side of it a fault hits.

mod language;
mod lookup;
mod moments;
mod rows;
mod table;

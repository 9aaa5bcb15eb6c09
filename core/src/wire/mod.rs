//! Bytes to meaning: no I/O, no async, no clock.

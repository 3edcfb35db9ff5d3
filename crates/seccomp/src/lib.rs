//! Seccomp profiles: names, numbers, minimal deltas

//! Compile-time cases: `pass/` holds every accepted spelling, `fail/` one mistake each with what is said about it.

//! Case runner and command-line runner for tests

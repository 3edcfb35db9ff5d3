//! Defaults of container runtimes by version, and known issues, as data with sources

//! System call numbers by architecture, and the AUDIT_ARCH values of records.

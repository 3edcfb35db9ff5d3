//! For each call: which layers are asked, in which order, and the errno each of them gives.

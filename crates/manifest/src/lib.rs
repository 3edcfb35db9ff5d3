//! Views with spans on compose files, docker command lines, Kubernetes manifests and systemd units

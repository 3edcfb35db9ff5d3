# What every part of a scenario finds: $N its name, $D a folder of its own, and these.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8

# An ordinary user, without any capability.
as_alice() { HOME=/home/alice setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all "$@"; }

# skip REASON: this kernel or image can't show the scenario (only in `setup`).
skip() { echo "$*"; exit 77; }

# Loads the profiles on standard input with the guest's own parser.
profile() { cat >"$D/profile" && apparmor_parser -Kr "$D/profile"; }

# container OPTIONS… -- COMMAND…: the scenario's container under its engine, kept when it has died.
container() { _container "$N" "" "$@"; }
# The same once more and removed: for `without`.
container_without() { _container "$N-without" --rm "$@"; }
_container() {
  local name=$1 rm=$2 options=()
  shift 2
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  # shellcheck disable=SC2086
  $ENGINE run $rm --name "$name" --network none -v /usr:/usr:ro -v /opt/lab:/opt/lab:ro "${options[@]}" base:1 "$@"
}

# call NAME: one system call by its number, failing as C programs do: "NAME: message".
call() { /usr/bin/python3 /opt/lab/call.py "$@"; }

# Runs the commands of the first remedy that was printed, as root.
first_fix() {
  /usr/bin/python3 - "$O/report.json" >"$D/fix.sh" <<'P'
import json, sys
report = json.load(open(sys.argv[1]))
print("\n".join(report["denials"][0]["remedies"][0]["commands"]))
P
  cat "$D/fix.sh"
  test -s "$D/fix.sh" && sh -e "$D/fix.sh"
}

# rootless COMMAND…: as alice, with her own runtime directory.
rootless() {
  mkdir -p /run/user/1000 && chown 1000:1000 /run/user/1000
  setpriv --reuid=1000 --regid=1000 --init-groups env -C /home/alice HOME=/home/alice USER=alice \
    XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS= "$@"
}

# ctr_container OPTIONS… -- COMMAND…: the scenario's container under containerd alone.
ctr_container() { _ctr "$N" "" "$@"; }
# The same once more and removed.
ctr_without() { _ctr "$N-without" --rm "$@"; }
_ctr() {
  local name=$1 rm=$2 options=()
  shift 2
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  # shellcheck disable=SC2086
  ctr run $rm --rootfs --mount type=bind,src=/usr,dst=/usr,options=rbind:ro \
    --mount type=bind,src=/opt/lab,dst=/opt/lab,options=rbind:ro "${options[@]}" /run/lab-tree "$name" "$@"
}

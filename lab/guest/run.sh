#!/bin/bash
# The guest's side of scenarios: each folder below scenarios/ holds the parts of one. Of each its outputs
# go to /out/NAME and are handed over at once, so that a guest that dies loses only the one it died of.
cd /root/job || exit 1
mkdir -p /opt/lab /lab
install -m 755 whodenied /usr/local/bin/whodenied
cp lib.sh call.py landlock.py /opt/lab/
chmod 755 /opt/lab/* /lab
. ./lib.sh
[ -e /sys/kernel/security/apparmor ] && aa-status >/dev/null 2>&1
uptime_now() { cut -d' ' -f1 /proc/uptime; }

engine_up() { # once a boot
  [ -e "/run/lab-$1" ] && return
  local from tree=/run/lab-tree
  from=$(uptime_now)
  if [ ! -d $tree ]; then
    mkdir -p $tree/{proc,sys,dev,tmp,etc,usr,root,opt,home,run,var/lib}
    for l in bin sbin lib lib64; do ln -s usr/$l $tree/$l; done
    cp /etc/passwd /etc/group /etc/ld.so.cache $tree/etc/
    chmod 1777 $tree/tmp
  fi
  case $1 in
  docker)
    [ -d /sys/fs/selinux ] && sed -i 's/{/{"selinux-enabled": true, /' /etc/docker/daemon.json
    systemctl start docker || journalctl -u docker --no-pager | tail -20
    tar -C $tree -c . | docker import - base:1 >/dev/null
    ;;
  remap) # a second daemon, beside the first one's sockets and data
    mkdir -p /run/remap
    echo '{}' >/run/remap/daemon.json
    dockerd -H unix:///run/remap/docker.sock --data-root /var/lib/docker-remap --exec-root /run/remap/exec \
      --pidfile /run/remap/pid --userns-remap alice --config-file /run/remap/daemon.json --iptables=false --ip6tables=false \
      --bridge=none >/run/remap/log 2>&1 3>&- &
    n=0
    while ! docker -H unix:///run/remap/docker.sock version >/dev/null 2>&1 && [ $n -lt 180 ]; do sleep 1; n=$((n + 1)); done
    tar -C $tree -c . | docker -H unix:///run/remap/docker.sock import - base:1 >/dev/null || tail -20 /run/remap/log
    ;;
  containerd) systemctl start containerd ;;
  podman) tar -C $tree -c . | podman import -q - base:1 >/dev/null ;;
  rootless)
    loginctl enable-linger alice
    tar -C $tree -c . | rootless podman import -q - base:1 >/dev/null
    ;;
  auditd) systemctl start auditd ;;
  esac
  : >"/run/lab-$1"
  echo "up $1 $from $(uptime_now)"
}
part() { # part NAME LIMIT: runs one part of the scenario; its output and status stay
  [ -e "$S/$1.sh" ] || return 0
  (cd "$D" && exec timeout -k 5 "$2" bash -c '. /opt/lab/lib.sh; . "$S/'"$1"'.sh"') >"$O/$1.txt" 2>&1 </dev/null 3>&-
  local status=$?
  echo $status >"$O/$1.status"
  return $status
}

# As whom: a rootless engine's containers are its user's.
as() { if [ "$ENGINE" = "rootless podman" ]; then rootless "$@"; else "$@"; fi; }

# containerd keeps no log of a container that ctr started: what was printed is given beside.
beside() { if [ "$ENGINE" = containerd ]; then echo "$O/command.txt"; fi; }

ask() { # the question to whodenied; what it knew stays as a case, to be explained elsewhere
  local what
  what=$(cat "$S/ask")
  case $what in
  run)
    timeout -k 5 300 whodenied run --save "$O/case.json" --format json -- bash -c '. /opt/lab/lib.sh; cd "$D"; . "$S/command.sh"'
    ;;
  container) as timeout -k 5 300 whodenied explain --wait 120 --container "$N" --format json $(beside) ;;
  compose) timeout -k 5 300 whodenied explain --wait 120 --compose "$D/compose.yaml" web --format json ;;
  unit) timeout -k 5 300 whodenied explain --wait 120 --unit "$N.service" --format json ;;
  paste) timeout -k 5 300 whodenied explain --here --save "$O/case.json" --format json "$O/command.txt" "$O/kernel.txt" ;;
  esac
}

collect() { # the same evidence as one file, which has to give the same answer on another machine
  case $(cat "$S/ask") in
  container)
    install -d -m 777 "$D/collected"
    as timeout -k 5 300 whodenied collect --wait 120 --container "$N" -o "$D/collected/case.json" $(beside)
    mv "$D/collected/case.json" "$O/collected.json"
    ;;
  compose) timeout -k 5 300 whodenied collect --wait 120 --compose "$D/compose.yaml" web -o "$O/collected.json" ;;
  unit) timeout -k 5 300 whodenied collect --wait 120 --unit "$N.service" -o "$O/collected.json" ;;
  esac
}

for S in scenarios/*; do
  export S=/root/job/$S
  N=$(cat "$S/name") ENGINE=$(cat "$S/engine")
  export N
  export D=/lab/$N O=/out/$N
  mkdir -p "$D" "$O"
  for need in $(cat "$S/needs"); do engine_up "$need"; done
  unset DOCKER_HOST
  case $ENGINE in
  rootless) ENGINE="rootless podman" ;;
  remap)
    export DOCKER_HOST=unix:///run/remap/docker.sock
    ENGINE=docker
    ;;
  esac
  export ENGINE
  from=$(uptime_now)
  lines=$(dmesg | wc -l)
  if part setup 600; then
    part command 600
    dmesg | tail -n "+$((lines + 1))" >"$O/kernel.txt"
    asked=$(uptime_now)
    ask >"$O/report.json" 2>"$O/report.err" 3>&- </dev/null
    echo $? >"$O/report.status"
    echo "$asked $(uptime_now)" >"$O/asked"
    collect >"$O/collect.txt" 2>&1 3>&- </dev/null
    part without 1200
    # What shows the truth must not have changed it: refused once more, and then by the fix alone let through.
    if [ -e "$S/verify.sh" ]; then
      cp "$S/command.sh" "$S/again.sh"
      part again 300
      part verify 300
    fi
  fi
  part cleanup 60
  echo "$from $(uptime_now)" >"$O/took"
  tar -C /out -cf - "$N" >&3
  echo "did $N $from $(uptime_now)"
done

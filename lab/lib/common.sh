# shellcheck shell=bash
# Names, paths and messages that everything in the lab shares. Sourced, never run.
#
# All state of a lab can be found again from its name alone: directory /run/sdn-lab/NAME, cgroup sdn-lab/NAME,
# network namespaces sdnlab-NAME (the lab root) and sdnlab-NAME-HOST. Nothing is kept only in a process's memory,
# so that a lab whose creator was killed can be taken down as well as any other.

# The directory of the lab's own files.
LAB_HOME=${LAB_HOME:?}
# Where labs keep their state.
readonly LAB_RUN=/run/sdn-lab
# Seconds until waiting for a condition is given up.
readonly LAB_DEADLINE=${SDN_LAB_DEADLINE:-120}

log() { printf 'lab: %s\n' "$*" >&2; }
die() {
  printf 'lab: error: %s\n' "$*" >&2
  exit 1
}

# require_name NAME: a lab's name; no hyphen, so that namespace names stay unambiguous.
require_name() {
  [[ $1 =~ ^[a-z][a-z0-9]{0,15}$ ]] || die "lab name '$1' is not 1 to 16 of a-z and 0-9, a letter first"
}
require_lab() {
  [[ -d $(lab_dir "$1") ]] || die "there is no lab '$1'; make it with: lab up --name $1"
}
require_host() {
  [[ -d $(host_dir "$1" "$2") ]] || die "lab '$1' has no host '$2'; it has: $(lab_hosts "$1" | paste -sd' ')"
}

lab_dir() { printf '%s/%s' "$LAB_RUN" "$1"; }
host_dir() { printf '%s/%s/hosts/%s' "$LAB_RUN" "$1" "$2"; }
root_netns() { printf 'sdnlab-%s' "$1"; }
host_netns() { printf 'sdnlab-%s-%s' "$1" "$2"; }

# setting NAME KEY: a value that `up` wrote (form, slot, hosts, dockerd).
setting() { cat "$(lab_dir "$1")/settings/$2"; }

# lab_hosts NAME: host names in order, one a line.
lab_hosts() { find "$(lab_dir "$1")/hosts" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort -V; }
# host_number h12 → 12
host_number() { printf '%s' "${1#h}"; }

# wait_until SECONDS COMMAND…: polls until the command succeeds; fails when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# lock FILE: exclusive until `unlock` or the end of this process; locks nest. A file that another process removed while
# we waited is not the lock any more; then we try again with the new one.
LOCKS=()
lock() {
  local descriptor
  while :; do
    mkdir -p "$LAB_RUN"
    { exec {descriptor}>"$1"; } 2>/dev/null || continue
    flock --timeout $((2 * LAB_DEADLINE)) "$descriptor" || die "$1 is held by another run of the lab"
    [[ $(stat -Lc %i "/proc/self/fd/$descriptor") == "$(stat -c %i "$1" 2>/dev/null)" ]] && break
    exec {descriptor}>&-
  done
  LOCKS+=("$descriptor")
}
unlock() {
  local descriptor=${LOCKS[-1]}
  unset 'LOCKS[-1]'
  exec {descriptor}>&-
}

# detach: closes every file but the standard ones, in a subshell that will outlive its parent, so that neither a lock
# nor a pipe whose end somebody waits for stays open.
detach() {
  local descriptor
  for descriptor in /proc/self/fd/*; do
    descriptor=${descriptor##*/}
    ((descriptor <= 2 || descriptor == 255)) || eval "exec $descriptor>&-"
  done
}

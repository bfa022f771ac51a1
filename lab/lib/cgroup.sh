# shellcheck shell=bash
# A lab's processes are found, and ended, by cgroup: sdn-lab/NAME/HOST in the unified hierarchy. Neither a daemon that
# detaches itself nor a container's process can leave it.

# The mount point of the unified (v2) hierarchy: on a hybrid machine it lies beside the v1 controllers.
cgroup_mount() {
  findmnt --noheadings --first-only --types cgroup2 --output TARGET || die "the machine has no cgroup2 hierarchy"
}
cgroup_path() { printf '%s/sdn-lab%s' "$(cgroup_mount)" "${1:+/$1}"; }

# cgroup_enter PATH: moves this shell (and what it starts) into sdn-lab/PATH.
cgroup_enter() {
  local path
  path=$(cgroup_path "$1")
  mkdir -p "$path"
  echo "$BASHPID" >"$path/cgroup.procs"
}

# cgroup_leave: moves this shell out of any lab's cgroup, so that it can end that lab without ending itself.
cgroup_leave() {
  grep -q '^0::/sdn-lab/' /proc/self/cgroup || return 0
  echo "$BASHPID" >"$(cgroup_mount)/cgroup.procs"
}

cgroup_empty() { [[ ! -d $1 ]] || grep -qx 'populated 0' "$1/cgroup.events"; }

# cgroup_kill PATH: ends every process of sdn-lab/PATH and below, and waits until they are gone.
cgroup_kill() {
  local path
  path=$(cgroup_path "$1")
  [[ -d $path ]] || return 0
  echo 1 >"$path/cgroup.kill"
  wait_until 30 cgroup_empty "$path" || die "processes in $path do not end"
}

# cgroup_directories PATH: sdn-lab/PATH in every hierarchy; on a hybrid machine nspawn makes one in systemd's own too.
cgroup_directories() { find /sys/fs/cgroup -maxdepth 4 -type d -path "*/sdn-lab${1:+/$1}" 2>/dev/null; }

# cgroup_remove PATH: removes the (empty) cgroup and those below it.
cgroup_remove() {
  local path
  for path in $(cgroup_directories "$1"); do
    find "$path" -depth -type d -exec rmdir {} +
  done
}

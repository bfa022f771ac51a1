# shellcheck shell=bash
# Running something inside a host from the machine, past its sshd and firewall: through the namespaces of its first
# process.

# leader NAME HOST: the process id, as the machine sees it, of the host's first process.
leader() {
  local file pid ids
  while IFS= read -r file; do
    while IFS= read -r pid; do
      ids=$(grep '^NSpid:' "/proc/$pid/status" 2>/dev/null) || continue
      [[ $ids == *[[:space:]]1 ]] && printf '%s' "$pid" && return
    done <"$file"
  done < <(find "$(cgroup_path "$1/$2")" -maxdepth 3 -path '*init*/cgroup.procs' 2>/dev/null)
  return 1
}

# enter NAME HOST COMMAND…: standard streams and exit status are the command's. Its processes belong to the host.
enter() {
  local name=$1 host=$2 pid
  shift 2
  pid=$(leader "$name" "$host") || {
    log "host '$host' of lab '$name' is not running"
    return 125
  }
  (
    cgroup_enter "$name/$host/exec"
    exec nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup --root -- \
      env -i -C /root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root \
      LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
  )
}

# shellcheck shell=bash
# `lab down` and `lab leftovers`: both look for what bears our names, so that they also find what a killed or
# half-finished run left.

# Names from the directory rather than from `ip netns list`, which stumbles over files that are no namespaces (any more).
# A host that is a namespace has its routers beside it, and its records outside: see lab_records.
all_netns() {
  find /run/netns -mindepth 1 \( -name 'sdnlab-*' -o -name 'sdn-r-*--sdnlab-*' \) -printf '%f\n' 2>/dev/null
}
lab_netns() { all_netns | grep -E "^(sdn-r-[0-9]+--)?$(root_netns "$1")(-|$)"; }
readonly RECORDS=/var/lib/sdn/netns
lab_records() { find "$RECORDS" -mindepth 1 -maxdepth 1 -name "$(root_netns "$1")-*" 2>/dev/null || true; }
lab_links() { ip -json link show | jq -r --arg alias "sdn-lab $1" '.[] | select(.ifalias == $alias) | .ifname'; }

# down NAME: ends and removes everything of the lab. Succeeds where there is nothing.
down() {
  local name=$1 ns link
  cgroup_leave
  cgroup_kill "$name"
  for ns in $(lab_netns "$name"); do
    # Whatever a test left running in there by other means.
    ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
    # Links first: a namespace, and so its interfaces, disappears only some time after its deletion.
    delete_links "$ns"
    # A half-made one is a plain file.
    ip netns delete "$ns" 2>/dev/null || rm -f "/run/netns/$ns"
  done
  for link in $(lab_links "$name"); do
    ip link delete "$link"
  done
  lab_records "$name" | xargs -r rm -rf
  rmdir "$RECORDS" "${RECORDS%/*}" 2>/dev/null || true
  cgroup_remove "$name"
  rm -rf --one-file-system "$(lab_dir "$name")" "$LAB_RUN/$name.lock"
  lock "$LAB_RUN/slots.lock"
  if [[ -z $(known_labs) ]]; then
    cgroup_remove ""
    rm -f "$LAB_RUN/slots.lock"
    rmdir --ignore-fail-on-non-empty "$LAB_RUN"
  fi
  unlock
}

delete_links() {
  local link
  for link in $(ip -n "$1" -json link show type veth 2>/dev/null | jq -r '.[].ifname'); do
    ip -n "$1" link delete "$link" 2>/dev/null || true
  done
}

# known_labs: every lab of which there is any trace.
known_labs() {
  {
    find "$LAB_RUN" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null
    find "$(cgroup_path "")" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null
    { all_netns; ls "$RECORDS" 2>/dev/null || true; } | sed -nE 's/^(sdn-r-[0-9]+--)?sdnlab-([a-z0-9]+).*/\2/p'
  } | sort -u
}

# leftovers [NAME]: prints what is still there of a lab, or of all but those with an owner; fails if there is anything.
leftovers() {
  local found name
  if [[ -n ${1:-} ]]; then
    found=$(list_leftovers "$1")
  else
    found=$(for name in $(known_labs); do has_owner "$name" || list_leftovers "$name"; done)
  fi
  [[ -z $found ]] || {
    printf '%s\n' "$found"
    return 1
  }
}

list_leftovers() {
  local name=$1 file pid
  for file in /proc/[0-9]*/cgroup; do
    grep -qE "^[0-9]+:[^:]*:/sdn-lab/$name(/|$)" "$file" 2>/dev/null || continue
    pid=${file//[!0-9]/}
    # One that has ended and only waits for its parent to notice is none of ours any more.
    process_start "$pid" >/dev/null || continue
    printf 'process %s: %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
  done
  lab_netns "$name" | sed 's/^/network namespace: /'
  lab_records "$name" | sed 's/^/records: /'
  lab_links "$name" | sed 's/^/interface: /'
  grep -hE " $LAB_RUN/$name(/| )" /proc/[0-9]*/mountinfo 2>/dev/null | awk '{ print "mount: " $5 }' | sort -u
  cgroup_directories "$name" | sed 's/^/cgroup: /'
  [[ ! -e $(lab_dir "$name") ]] || printf 'directory: %s\n' "$(lab_dir "$name")"
}

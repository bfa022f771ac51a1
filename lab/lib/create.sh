# shellcheck shell=bash
# `lab up` and the life of single hosts.

# up NAME FORM COUNT DOCKERD OWNER: makes a lab and waits until every host is ready.
up() {
  local name=$1 form=$2 count=$3 dockerd=$4 owner=$5 number
  [[ ! -d $(lab_dir "$name") ]] || die "lab '$name' exists already; take it down with: lab down --name $name"
  install -d -m 755 "$LAB_RUN"
  install -d -m 700 "$(lab_dir "$name")" "$(lab_dir "$name")/settings" "$(lab_dir "$name")/hosts"
  [[ -z $owner ]] || start_watchdog "$name" "$owner"
  printf '%s\n' "$form" >"$(lab_dir "$name")/settings/form"
  printf '%s\n' "$dockerd" >"$(lab_dir "$name")/settings/dockerd"
  ssh-keygen -q -t ed25519 -N '' -C "sdn-lab-$name" -f "$(lab_dir "$name")/id_ed25519"
  [[ $dockerd != yes ]] || box_archive "$(lab_dir "$name")/box.tar"
  underlay_up "$name"
  for ((number = 1; number <= count; number++)); do
    create_host "$name" "h$number"
  done
  write_inventory "$name"
  each_host "$name" host_ready
  log "lab '$name' is up: $count hosts, form $form, inventory $(inventory_path "$name")"
}

# each_host NAME FUNCTION: for all hosts at once; fails when one fails.
each_host() {
  local name=$1 host failed=0 jobs=()
  for host in $(lab_hosts "$name"); do
    ("$2" "$name" "$host") &
    jobs+=($!)
  done
  for host in "${jobs[@]}"; do
    wait "$host" || failed=1
  done
  return $failed
}

create_host() {
  local name=$1 host=$2 dir
  dir=$(host_dir "$name" "$host")
  mkdir "$dir"
  route_to_host "$name" "$host"
  ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$dir/ssh_host_ed25519_key"
  mkfifo "$dir/control"
  echo run >"$dir/wanted"
  echo starting >"$dir/state"
  (
    detach
    cgroup_enter "$name/supervisors"
    exec setsid "$LAB_HOME/lib/runner" "$name" "$host"
  ) </dev/null >"$dir/console.log" 2>&1 &
}

host_state() { cat "$(host_dir "$1" "$2")/state"; }
host_is() { [[ $(host_state "$1" "$2") == "$3" ]]; }
boot_id() { enter "$1" "$2" cat /proc/sys/kernel/random/boot_id 2>/dev/null; }
booted_anew() {
  local now
  now=$(boot_id "$1" "$2") && [[ $now != "$3" ]]
}

# A power cut: nothing is asked, nothing is written back, the link is gone.
stop_host() {
  echo stopped >"$(host_dir "$1" "$2")/wanted"
  cgroup_kill "$1/$2"
  wait_for_host "$1" "$2" "its end" host_is "$1" "$2" stopped
}

start_host() {
  [[ $(cat "$(host_dir "$1" "$2")/wanted") == stopped ]] || die "host '$2' is running"
  echo run >"$(host_dir "$1" "$2")/wanted"
  echo start 1<>"$(host_dir "$1" "$2")/control"
  host_ready "$1" "$2"
}

reboot_host() {
  local before
  before=$(boot_id "$1" "$2") || die "host '$2' is not running"
  "$(setting "$1" form)_reboot" "$1" "$2"
  wait_for_host "$1" "$2" "its next boot" booted_anew "$1" "$2" "$before"
  host_ready "$1" "$2"
}

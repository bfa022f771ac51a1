# shellcheck shell=bash
# Takes a lab down when the process that owns it is gone, so that a killed test leaves nothing behind.

# process_start PID: when the process started; tells it from a later one with the same number. Fails for one that has
# ended, even where nobody has asked for its exit status yet.
process_start() {
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  # The second field, in brackets, is the process's name and can hold anything.
  # shellcheck disable=SC2086 # to be split
  set -- ${stat##*) }
  [[ $1 != [ZX] ]] && printf '%s' "${20}"
}

# start_watchdog NAME PID
start_watchdog() {
  local start
  start=$(process_start "$2") || start=gone
  printf '%s %s\n' "$2" "$start" >"$(lab_dir "$1")/settings/owner"
  (
    detach
    cgroup_enter "$1/watchdog"
    exec setsid "$LAB_HOME/lab" watch "$1" "$2" "$start"
  ) </dev/null >"$(lab_dir "$1")/watchdog.log" 2>&1 &
}

# has_owner NAME: whether the lab has an owner that lives, and so will go by itself.
has_owner() {
  local pid start
  read -r pid start 2>/dev/null <"$(lab_dir "$1")/settings/owner" && [[ $(process_start "$pid") == "$start" ]]
}

# watch NAME PID START: waits until the process is gone, then takes the lab down.
watch() {
  while [[ $(process_start "$2") == "$3" ]]; do
    sleep 0.5
  done
  log "owner $2 of lab '$1' is gone"
  exec "$LAB_HOME/lab" down --name "$1"
}

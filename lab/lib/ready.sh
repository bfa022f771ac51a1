# shellcheck shell=bash
# Waiting until a host can be used: by conditions, within a deadline, with the host's last words where it fails.

# sshd_answers ADDRESS: whether an SSH server greets there.
sshd_answers() {
  local greeting
  # shellcheck disable=SC2016 # expanded by the inner shell
  greeting=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/22" && head -c 7 <&3' bash "$1" 2>/dev/null) &&
    [[ $greeting == SSH-2.0 ]]
}
docker_answers() { enter "$1" "$2" docker version >/dev/null 2>&1; }
host_booted() { "$(setting "$1" form)_booted" "$1" "$2"; }
host_entered() { leader "$1" "$2" >/dev/null; }

# host_ready NAME HOST: waits until the host has booted, sshd answers and, where it has an engine, docker does.
host_ready() {
  local name=$1 host=$2 address units
  address=$(host_address4 "$(setting "$name" slot)" "$host")
  wait_for_host "$name" "$host" "its first process" host_entered "$name" "$host"
  wait_for_host "$name" "$host" "the end of its boot" host_booted "$name" "$host"
  wait_for_host "$name" "$host" "sshd at $address" sshd_answers "$address"
  if [[ $(setting "$name" dockerd) == yes ]]; then
    wait_for_host "$name" "$host" "dockerd" docker_answers "$name" "$host"
    box_load "$name" "$host"
  fi
  units=$("$(setting "$name" form)_failed_units" "$name" "$host")
  [[ -z $units ]] || log "$host: failed units: $units"
}

wait_for_host() {
  local name=$1 host=$2 what=$3
  shift 3
  wait_until "$LAB_DEADLINE" "$@" && return
  {
    echo "--- console of $host"
    tail -n 30 "$(host_dir "$name" "$host")/console.log"
    echo "--- journal of $host"
    "$(setting "$name" form)_last_words" "$name" "$host"
  } >&2
  die "$host is not ready: waited $LAB_DEADLINE s for $what"
}

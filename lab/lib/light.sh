# shellcheck shell=bash
# The light form, for many hosts: namespaces with their own init, sshd and, where asked, dockerd; no systemd.

# light_run NAME HOST HOLDER: starts the host and stays until it ends.
light_run() {
  cgroup_enter "$1/$2"
  exec nsenter --mount="/proc/$3/ns/mnt" --net="/run/netns/$(host_netns "$1" "$2")" unshare --cgroup -- \
    unshare --mount --propagation private --pid --fork --kill-child --uts --ipc -- \
    "$LAB_HOME/lib/light-init" "$(host_dir "$1" "$2")" "$(setting "$1" dockerd)"
}

light_booted() { return 0; }
light_failed_units() { :; }
# There is no init that shuts down in order: everything ends at once and starts again.
light_reboot() {
  echo reboot >"$(host_dir "$1" "$2")/wanted"
  cgroup_kill "$1/$2"
}
light_last_words() { :; }

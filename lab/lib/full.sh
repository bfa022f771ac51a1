# shellcheck shell=bash
# The full form: an OS container with real systemd, sshd and dockerd.

# full_run NAME HOST HOLDER: starts the host and stays until it ends; 133 means that it asked for a reboot.
# `nsenter` rather than nspawn's own network option, so that the host's /sys shows the host's interfaces. The tmpfs on
# /run/systemd keeps nspawn's sockets and directories out of the machine's.
full_run() {
  local dir
  dir=$(host_dir "$1" "$2")
  cgroup_enter "$1/$2"
  SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_LOG_LEVEL=warning \
    exec nsenter --mount="/proc/$3/ns/mnt" --net="/run/netns/$(host_netns "$1" "$2")" unshare --mount -- \
    sh -c 'mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && exec "$@"' sh \
    systemd-nspawn --quiet -D "$dir/root" --machine="sdnlab-$1-$2" --hostname="$2" --boot --register=no --keep-unit \
    --capability=all --console=pipe --system-call-filter="add_key keyctl bpf" --resolv-conf=off --timezone=off \
    --link-journal=no --bind-ro=/sys/module --bind="$dir/fs/docker:/var/lib/docker"
}

# full_is_running NAME HOST: whether boot has ended, even with a failed unit.
full_booted() { [[ $(enter "$1" "$2" systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]; }

full_failed_units() { enter "$1" "$2" systemctl list-units --failed --plain --no-legend; }

# The answer may get lost, since systemd is among what ends.
full_reboot() { enter "$1" "$2" systemctl reboot 2>/dev/null || true; }

full_last_words() { enter "$1" "$2" journalctl --no-pager -n 40 2>/dev/null || true; }

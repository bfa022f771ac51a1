# shellcheck shell=bash
# A host's file system: an overlay over the machine's own, so that nothing needs to be downloaded, with its upper
# layer on a tmpfs. What belongs to the machine and not to a fresh Debian (homes, services, data, caches) is hidden.
# The mounts live in the mount namespace of the host's supervisor and end with it.

# Top-level entries that a host inherits. The rest is hidden.
readonly ROOT_KEEPS=(bin sbin lib lib32 lib64 libx32 usr etc var)
# Hidden below those: configuration and data that are the machine's own, and services that would act on the machine.
readonly ROOT_HIDES=(
  etc/systemd/system etc/ssh etc/docker etc/containerd etc/sysctl.d etc/environment etc/init.d etc/apt etc/cron.d
  etc/sudoers.d etc/nftables.conf etc/sdn
  etc/unbound/sdn usr/lib/sysctl.d usr/lib/binfmt.d usr/lib/modules-load.d
  var/lib/docker var/lib/containerd var/lib/postgresql var/lib/sdn var/lib/apt var/lib/private var/cache var/log var/tmp
  var/mail var/spool
)
# Units of Debian that make no sense in a container or reach through to the machine (devices, time, kernel settings).
readonly MASKED_UNITS=(
  systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service systemd-resolved.service
  systemd-timesyncd.service systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket
  systemd-udev-trigger.service systemd-modules-load.service systemd-binfmt.service systemd-random-seed.service
  systemd-pstore.service kmod-static-nodes.service systemd-tmpfiles-setup-dev.service
  proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount
  sys-kernel-config.mount sys-fs-fuse-connections.mount console-getty.service getty.target
  systemd-ask-password-wall.path systemd-ask-password-console.path ifupdown-pre.service networking.service
)

# rootfs_up NAME HOST: mounts HOSTDIR/fs (tmpfs) and HOSTDIR/root (the host's root).
rootfs_up() {
  local dir fs
  dir=$(host_dir "$1" "$2") fs=$dir/fs
  mkdir -p "$fs" "$dir/root"
  mount -t tmpfs -o mode=755 sdn-lab "$fs"
  mkdir "$fs/upper" "$fs/work" "$fs/docker"
  hide_machine_files "$fs/upper"
  mount -t overlay -o "lowerdir=/,upperdir=$fs/upper,workdir=$fs/work" sdn-lab "$dir/root"
  populate_rootfs "$1" "$2" "$dir/root"
}

# A whiteout (character device 0:0) in the upper layer hides a whole directory at once.
hide_machine_files() {
  local upper=$1 entry
  for entry in /* /.[!.]*; do
    [[ -e $entry || -L $entry ]] || continue
    # No pipe into `grep -q`: it ends at its first match, and with pipefail whoever still writes then fails.
    [[ " ${ROOT_KEEPS[*]} " == *" ${entry#/} "* ]] || mknod "$upper$entry" c 0 0
  done
  for entry in "${ROOT_HIDES[@]}"; do
    [[ -e /$entry ]] || continue
    mkdir -p "$upper/${entry%/*}"
    mknod "$upper/$entry" c 0 0
  done
}

populate_rootfs() {
  local name=$1 host=$2 root=$3 dir directory
  dir=$(host_dir "$name" "$host")
  for directory in proc sys dev run mnt srv home opt var/lib/docker var/cache var/log var/spool etc/sysctl.d \
    etc/systemd/system/multi-user.target.wants etc/systemd/system/sockets.target.wants etc/ssh etc/docker \
    etc/sudoers.d etc/apt usr/lib/sysctl.d; do
    mkdir -p "$root/$directory"
  done
  install -d -m 1777 "$root/tmp" "$root/var/tmp"
  install -d -m 700 "$root/root"
  printf '%s\n' "$host" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$host" >"$root/etc/hosts"
  rm -f "$root/etc/resolv.conf" && : >"$root/etc/resolv.conf"
  : >"$root/etc/machine-id"
  add_users "$root" "$(lab_dir "$name")/id_ed25519.pub"
  configure_sshd "$root" "$dir" "$(setting "$name" form)"
  configure_units "$root" "$(setting "$name" dockerd)"
}

add_users() {
  local root=$1 key=$2
  # "*" is a password that matches nothing; "!" would lock the account for keys too.
  echo 'operator:x:2000:2000:Lab operator:/home/operator:/bin/bash' >>"$root/etc/passwd"
  echo 'operator:x:2000:' >>"$root/etc/group"
  echo 'operator:*:19000:0:99999:7:::' >>"$root/etc/shadow"
  install -m 440 /dev/stdin "$root/etc/sudoers.d/operator" <<<'operator ALL=(ALL) NOPASSWD: ALL'
  install -d -m 700 "$root/root/.ssh"
  install -m 600 "$key" "$root/root/.ssh/authorized_keys"
  install -d -m 755 -o 2000 -g 2000 "$root/home/operator"
  install -d -m 700 -o 2000 -g 2000 "$root/home/operator/.ssh"
  install -m 600 -o 2000 -g 2000 "$key" "$root/home/operator/.ssh/authorized_keys"
}

configure_sshd() {
  local root=$1 dir=$2 pam=yes
  # PAM's session module asks systemd, which a light host has not.
  [[ $3 == full ]] || pam=no
  install -m 600 "$dir/ssh_host_ed25519_key" "$dir/ssh_host_ed25519_key.pub" "$root/etc/ssh/"
  cat >"$root/etc/ssh/sshd_config" <<-END
	HostKey /etc/ssh/ssh_host_ed25519_key
	PermitRootLogin prohibit-password
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	UsePAM $pam
	UseDNS no
	PrintMotd no
	Subsystem sftp internal-sftp
	END
}

configure_units() {
  local root=$1 units=$1/etc/systemd/system unit
  for unit in "${MASKED_UNITS[@]}"; do
    ln -s /dev/null "$units/$unit"
  done
  ln -s /lib/systemd/system/multi-user.target "$units/default.target"
  ln -s /lib/systemd/system/ssh.service "$units/multi-user.target.wants/"
  if [[ $2 == yes ]]; then
    ln -s /lib/systemd/system/{docker,containerd}.service "$units/multi-user.target.wants/"
    ln -s /lib/systemd/system/docker.socket "$units/sockets.target.wants/"
  fi
  # What a test breaks stays broken until the test wants otherwise.
  mkdir "$units/sdn-assert.timer.d"
  printf '[Timer]\nOnActiveSec=\nOnActiveSec=1d\n' >"$units/sdn-assert.timer.d/lab.conf"
}

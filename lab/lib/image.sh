# shellcheck shell=bash
# The image sdn-lab/box: busybox and links to it, nothing else. Images cannot be pulled in a lab.

readonly BOX_IMAGE=sdn-lab/box

# box_archive FILE: writes the image's file system as a tar.
box_archive() {
  local tree
  tree=$(mktemp -d)
  mkdir -p "$tree/bin" "$tree/tmp" "$tree/etc" "$tree/www"
  cp "$(command -v busybox)" "$tree/bin/busybox"
  "$tree/bin/busybox" --list | while IFS= read -r applet; do
    [[ $applet == busybox ]] || ln -s busybox "$tree/bin/$applet"
  done
  echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
  tar -C "$tree" --owner=0 --group=0 -cf "$1" .
  rm -rf "$tree"
}

# box_load NAME HOST: imports the image into the host's engine, where it is not there already.
box_load() {
  enter "$1" "$2" docker image inspect "$BOX_IMAGE" >/dev/null 2>&1 ||
    enter "$1" "$2" docker import --change 'CMD ["sh"]' --change 'ENV PATH=/bin' - "$BOX_IMAGE" \
      <"$(lab_dir "$1")/box.tar" >/dev/null
}

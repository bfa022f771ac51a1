# Names of a network: what its entries are called, a file each in $state/dns/WHERE/entries, and the server in the router's
# namespace that answers for them. Its configuration is made from these files; it lies where a host's AppArmor lets unbound
# read it. Stands before program.sh, whose functions it uses.

dns_configurations=/etc/unbound/sdn
dns_unit=sdn-dns@.service
# Whose files were changed since the server was told, and whose server was looked at in this run.
dns_changed=' '
dns_settled=' '
dns_problem=

# ---- what the host's own resolvers are --------------------------------------------------------------------------

nameservers_in() { awk '$1 == "nameserver" { print $2 }' "$1" 2>/dev/null; }
# A router reaches neither the host's loopback nor its addresses: behind a stub of systemd or NetworkManager are others.
host_resolvers() { # prints them with commas between, "-" for none
  own_addresses=$(ip -o addr show | awk '{ sub(/\/.*/, "", $4); print $4 }')
  for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf /run/NetworkManager/no-stub-resolv.conf; do
    resolvers=
    for one in $(nameservers_in "$file"); do
      case $newline$own_addresses$newline in *"$newline$one$newline"*) continue ;; esac
      case $one in 127.* | ::1 | fe80:* | *[!0-9a-fA-F.:]*) ;; *) resolvers="$resolvers,$one" ;; esac
    done
    [ -z "$resolvers" ] || break
  done
  resolvers=${resolvers#,}
  echo "${resolvers:--}"
}
# Docker's embedded server asks one on the host's loopback from there, and not from the container.
engine_asks_loopback() {
  engine_resolvers=$(nameservers_in /etc/resolv.conf)
  # A stub of systemd it leaves out.
  [ "$engine_resolvers" != 127.0.0.53 ] || return 1
  case $newline$engine_resolvers in *"${newline}127."*) ;; *) return 1 ;; esac
}

# ---- the configuration ------------------------------------------------------------------------------------------

# render_dns WHERE: sets dns_text, and dns_identity, by which a running server tells what it was started with.
render_dns() {
  read -r dns_zone dns_upstreams 2>/dev/null <"$state/dns/$1/server" || return 1
  [ "$dns_upstreams" != host ] || dns_upstreams=$(host_resolvers)
  dns_user=unbound
  id -u "$dns_user" >/dev/null 2>&1 || dns_user=nobody
  set +f
  dns_records=$(cat "$state/dns/$1"/entries/* 2>/dev/null | sort -u | awk '
    !/^(data|alias) [A-Za-z0-9._: -]+$/ { next }
    $1 == "alias" {
      aliases[$2] = 1
      print "  local-zone: \"" $2 "\" redirect"; print "  local-data: \"" $2 " " $3 " CNAME " $4 "\""
      next
    }
    {
      # An alias has all below it, but for what is a zone of its own. (Aliases were sorted to the front.)
      for (above = $2; sub(/^[^.]*\./, "", above) && above != "";)
        if ((above in aliases) && !($2 in zones)) { zones[$2] = 1; print "  local-zone: \"" $2 "\" transparent" }
      print "  local-data: \"" substr($0, 6) "\""
    }')
  set -f
  dns_text="server:
  directory: \"\"
  chroot: \"\"
  username: \"$dns_user\"
  pidfile: \"$state/dns/$1/pid\"
  use-syslog: no
  verbosity: 0
  num-threads: 1
  interface: 0.0.0.0$([ ! -e /proc/sys/net/ipv6 ] || printf '\n  interface: ::0')
  interface-automatic: yes
  access-control: 0.0.0.0/0 allow
  access-control: ::0/0 allow
  do-not-query-localhost: no
  module-config: \"iterator\"
  msg-cache-size: 1m
  rrset-cache-size: 2m
  key-cache-size: 16k
  neg-cache-size: 16k
  infra-cache-numhosts: 200
  outgoing-range: 256
  num-queries-per-thread: 256
  incoming-num-tcp: 50
  unblock-lan-zones: yes
  insecure-lan-zones: yes
  hide-identity: yes
  hide-version: yes
  local-zone: \"$dns_zone.\" static
  local-data: \"$dns_zone. 5 SOA ns.$dns_zone. hostmaster.$dns_zone. 1 3600 600 86400 5\"
  local-data: \"$dns_zone. 5 NS ns.$dns_zone.\"
$dns_records
$([ "$dns_upstreams" != - ] || echo '  local-zone: "." refuse')
remote-control:
  control-enable: yes
  control-interface: 127.0.0.1
  control-use-cert: no
forward-zone:
  name: \".\"
$(forward_addresses "$dns_upstreams")"
  dns_identity=$(printf '%s' "$dns_text" | cksum)
  dns_identity=sdn-${dns_identity%% *}
  dns_text="$dns_text
server:
  identity: \"$dns_identity\""
}
# Where nobody is to be asked, it asks itself, which refuses: else it would begin at the root of all names.
forward_addresses() { # ADDRESS,ADDRESS,…|-
  if [ "$1" = - ]; then echo '  forward-addr: 127.0.0.1'; else commas_apart "$1" | sed 's/^/  forward-addr: /'; fi
}
write_dns() { # WHERE
  dns_file=$dns_configurations/$1.conf
  [ ! -e "$dns_file" ] || [ "$(cat "$dns_file")" != "$dns_text" ] || return 0
  acted=yes
  dns_problem="$dns_file cannot be written (disk full?)"
  # Another host on this machine may take the folder away in between, where hosts are namespaces.
  put_configuration 2>/dev/null || put_configuration 2>/dev/null || return 1
  if ! dns_answer=$(unbound-checkconf "$dns_file.new" 2>&1); then
    rm -f "$dns_file.new"
    dns_problem="unbound refuses the names of $1: $dns_answer"
    return 1
  fi
  mv "$dns_file.new" "$dns_file"
}

put_configuration() {
  mkdir -p "$dns_configurations" && chmod 0755 "$dns_configurations" &&
    ( printf '%s\n' "$dns_text" >"$dns_file.new" ) && chmod 0644 "$dns_file.new"
}

# ---- the server -------------------------------------------------------------------------------------------------

control_dns() { # WHERE WORD…
  [ -e "$dns_configurations/$1.conf" ] && netns_exists "$1" || return 1
  dns_where=$1
  shift
  timeout 5 nsenter "--net=/run/netns/$dns_where" unbound-control -c "$dns_configurations/$dns_where.conf" "$@" 2>/dev/null
}
dns_said() { control_dns "$1" get_option identity; } # WHERE: nothing where it does not run

dns_instance() { echo "sdn-dns@${1#sdn-r-}.service"; } # WHERE
dns_unit_text() {
  cat <<'UNIT'
[Unit]
Description=Names of the virtual network %i of sdn
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh -c 'exec nsenter --net=/run/netns/sdn-r-%i unbound -d -p -c /etc/unbound/sdn/sdn-r-%i.conf'
Restart=always
RestartSec=1
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SETUID CAP_SETGID CAP_NET_BIND_SERVICE CAP_SYS_RESOURCE
RestrictNamespaces=net
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallFilter=@system-service setns
SystemCallArchitectures=native
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
MemoryDenyWriteExecute=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
MemoryMax=256M
UNIT
}
start_dns() { # WHERE
  if can_supervise; then
    if [ "$(cat "$units/$dns_unit" 2>/dev/null)" != "$(dns_unit_text)" ]; then
      dns_unit_text | write_unit "$dns_unit" || { dns_problem=$keep_problem keep_problem=; return 1; }
      systemctl daemon-reload 2>/dev/null
    fi
    # One that lives in a namespace of before goes with it.
    dns_answer=$(systemctl restart "$(dns_instance "$1")" 2>&1) && return 0
  else
    kill_dns "$1"
    dns_answer=$(nsenter "--net=/run/netns/$1" unbound -c "$dns_configurations/$1.conf" 2>&1 9<&-) && return 0
  fi
  dns_problem="the DNS server of $1 does not start: $dns_answer"
  return 1
}
# Of a host without systemd.
kill_dns() { # WHERE
  dns_pid=
  if [ -e "$state/dns/$1/pid" ]; then read -r dns_pid <"$state/dns/$1/pid" || :; fi
  for attempt in $(seq 100); do
    [ "$(tr '\0' ' ' 2>/dev/null <"/proc/${dns_pid:-none}/cmdline")" = "unbound -c $dns_configurations/$1.conf " ] || break
    kill "$dns_pid" 2>/dev/null
    [ "$attempt" = 1 ] || sleep 0.05
  done
  rm -f "$state/dns/$1/pid"
}
stop_dns() { # WHERE
  if can_supervise; then systemctl stop "$(dns_instance "$1")" 2>/dev/null; else kill_dns "$1"; fi
  # And what an interrupted run left beside.
  rm -f "$dns_configurations/$1.conf" "$dns_configurations/$1.conf.new" "$state/dns/$1/.new" "$state/dns/$1/entries/.new"
  rmdir "$dns_configurations" "$state/dns/$1/entries" "$state/dns/$1" 2>/dev/null
  # The last one takes the unit along.
  if rmdir "$state/dns" 2>/dev/null && can_supervise; then
    rm -f "$units/$dns_unit"
    systemctl daemon-reload 2>/dev/null
  fi
  return 0
}

# ---- bringing files and server together -------------------------------------------------------------------------

# A run may have a thousand entries of one network: the server is told once, at its end.
settle_dns() {
  settled=0
  for settled_where in $dns_changed; do
    settle_server "$settled_where" || { settled=1 && warn "$dns_problem"; }
  done
  dns_changed=' '
  return "$settled"
}
settle_server() { # WHERE
  if [ ! -e "$state/dns/$1/server" ]; then
    stop_dns "$1"
    return
  fi
  render_dns "$1" && write_dns "$1" || return 1
  said_now=$(dns_said "$1")
  [ "$said_now" != "$dns_identity" ] || return 0
  acted=yes
  # It keeps its sockets: what is asked meanwhile waits in them.
  [ -n "$said_now" ] && control_dns "$1" reload >/dev/null || start_dns "$1" || return 1
  for attempt in $(seq 100); do
    [ "$(dns_said "$1")" != "$dns_identity" ] || return 0
    sleep 0.05
  done
  dns_problem="the DNS server of $1 does not answer within 5 seconds after its ${attempt}th look"
  return 1
}
dns_was_changed() { case $dns_changed in *" $1 "*) ;; *) dns_changed="$dns_changed$1 " ;; esac; } # WHERE

# ---- words ------------------------------------------------------------------------------------------------------

put_file() { # FILE TEXT. Written beside and renamed.
  acted=yes
  [ -d "${1%/*}" ] || mkdir -p "${1%/*}" 2>/dev/null
  { printf '%s\n' "$2" >"${1%/*}/.new" && mv "${1%/*}/.new" "$1"; } 2>/dev/null && return 0
  rm -f "${1%/*}/.new" 2>/dev/null
  fail remote-failure "$1 cannot be written (disk full?)"
}
# put_dns_file WHERE NAME TEXT: and how to undo it, and that the server is to be told.
put_dns_file() {
  dns_file=$state/dns/$1/$2 dns_before=-
  if [ -e "$dns_file" ]; then
    dns_before=$(cat "$dns_file")
    [ "$dns_before" != "$3" ] || return 0
    dns_before=$(encode "$dns_before$newline")
  fi
  dns_was_changed "$1"
  undo dns "$1" "$2" "$dns_before"
  put_file "$dns_file" "$3"
}
remove_dns_file() { # WHERE NAME
  dns_file=$state/dns/$1/$2
  [ -e "$dns_file" ] || return 0
  dns_was_changed "$1"
  undo dns "$1" "$2" "$(encode "$(cat "$dns_file")$newline")"
  try rm "$dns_file"
}
undo_dns() { # WHERE NAME TEXT(base64)|-
  if [ "$3" = - ]; then
    rm -f "$state/dns/$1/$2"
  else
    mkdir -p "$state/dns/$1/entries"
    printf '%s' "$3" | base64 -d >"$state/dns/$1/$2"
  fi
}

op_dns_entry() { # WHERE ENTRY RECORDS(base64)
  put_dns_file "$1" "entries/$2" "$(printf '%s' "$3" | base64 -d)"
}
op_dns_server() { # WHERE ZONE UPSTREAM,UPSTREAM,…|host|-
  if ! command -v unbound >/dev/null 2>&1; then
    fail remote-failure "unbound, which answers for names, is not installed"
    return 1
  fi
  put_dns_file "$1" server "$2 $3" || return 1
  # With the first entry it starts; the others are told to it at once.
  case $dns_settled in *" $1 "*) return 0 ;; esac
  settle_server "$1" || { fail remote-failure "$dns_problem"; return 1; }
  dns_settled="$dns_settled$1 "
}
op_remove_dns_entry() { remove_dns_file "$1" "entries/$2"; } # WHERE ENTRY
op_remove_dns_server() { # WHERE. Stopped at once: its namespace may be the next to go.
  remove_dns_file "$1" server || return 1
  stop_dns "$1"
}
op_query_dns_facts() {
  dns_version=$(unbound -V 2>/dev/null | sed -n '1s/^Version //p')
  say "dns-facts ${dns_version:--} $(host_resolvers) $(engine_asks_loopback && echo loopback || echo -)"
}
op_query_dns_entries() { # WHERE
  settle_dns || :
  set +f
  say "dns-entries $1 $(awk '{ name = FILENAME; sub(/.*\//, "", name); print name, $0 }' "$state/dns/$1"/entries/* 2>/dev/null | base64 -w 0)"
  set -f
}
op_query_dns_server() { # WHERE ZONE UPSTREAM,UPSTREAM,…|host|-
  settle_dns || :
  dns_state=missing
  if [ "$(cat "$state/dns/$1/server" 2>/dev/null)" = "$2 $3" ] && render_dns "$1"; then
    case $(dns_said "$1") in
      '') dns_state=stopped ;;
      "$dns_identity") dns_state=serving ;;
      *) dns_state=outdated ;;
    esac
    [ "$(cat "$dns_configurations/$1.conf" 2>/dev/null)" = "$dns_text" ] || dns_state=changed
  fi
  say "dns-server $1 $dns_state"
}
dns_picture() {
  for folder in "$state"/dns/*; do
    [ -e "$folder/server" ] || continue
    dns_where=${folder##*/}
    echo "=dns $dns_where $(cat "$folder/server" "$folder"/entries/* "$dns_configurations/$dns_where.conf" | cksum | tr ' ' -)/$(dns_said "$dns_where")/$(host_resolvers)"
  done
}

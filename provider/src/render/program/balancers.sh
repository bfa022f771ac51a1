# Load balancers that are processes: one HAProxy or NGINX a network, in its router's namespace. Its configuration is what
# the records of the network's services say, in a constant order. Stands before program.sh, whose functions it uses.

# DRIVER/VNI/WHERE of those whose services were changed: told once, at the end of a run, however many these are.
balancers_changed=' '
balancer_problem=

balancer_program_lacks() { # haproxy|nginx: sets program_lacks, words with commas before them
  program_lacks=
  command -v "$1" >/dev/null 2>&1 || program_lacks=,program
  command -v socat >/dev/null 2>&1 || program_lacks=$program_lacks,socat
  [ "$1$program_lacks" != nginx ] || nginx_has_stream || program_lacks=$program_lacks,stream
}
nginx_has_stream() {
  nginx_built=$(nginx -V 2>&1)
  nginx_stream=
  case "$nginx_built " in
    *' --with-stream=dynamic '*)
      nginx_stream=${nginx_built##*--modules-path=}
      nginx_stream=${nginx_stream%% *}/ngx_stream_module.so
      [ -e "$nginx_stream" ] ;;
    *' --with-stream '*) ;;
    *) return 1 ;;
  esac
}

# ---- the configuration ------------------------------------------------------------------------------------------

# render_balancer DRIVER VNI [RECORD LINE]: as all records say, but this one in place of that record's. Sets
# balancer_lines, balancer_text, and balancer_identity, by which a process tells what it was started with.
render_balancer() {
  balancer_file=$state/balancers/$2/$1
  balancer_lines=$({
    grep -rhs --exclude='.*' --exclude="${3:-.*}" -e "^service_balancer $1 $2 " "$state/resources"
    [ -z "${4:-}" ] || say "$4"
  } | sort)
  balancer_parts=$(printf '%s\n' "$balancer_lines" | cut -d ' ' -f 7 | tr -d '\n-' | base64 -d)
  balancer_identity=
  balancer_text=$("$1_text")
  balancer_identity=$(printf '%s' "$balancer_text" | cksum)
  balancer_identity=sdn-${balancer_identity%% *}
  balancer_text=$("$1_text")
}
# One thread each: shares are what was asked, and a host may have many networks.
haproxy_text() {
  cat <<CONFIG
global
description $balancer_identity
localpeer sdn
user haproxy
group haproxy
nbthread 1
stats socket $balancer_file.sock mode 600 level admin expose-fd listeners
server-state-file $balancer_file.state
peers sdn
peer sdn 127.0.0.1:10000
defaults
mode tcp
timeout connect 5s
timeout client 1h
timeout server 1h
option clitcpka
option srvtcpka
option redispatch 1
load-server-state-from-file global
$balancer_parts
CONFIG
}
nginx_text() {
  nginx_has_stream
  cat <<CONFIG
${nginx_stream:+load_module $nginx_stream;}
worker_processes 1;
worker_rlimit_nofile 65536;
pid $balancer_file.pid;
error_log stderr error;
events {
worker_connections 16384;
}
stream {
proxy_connect_timeout 5s;
server {
listen unix:$balancer_file.sock;
return $balancer_identity;
}
$balancer_parts
}
CONFIG
}
# test_balancer DRIVER WHERE: what was rendered, by the program itself. Leaves it as the file .conf.new.
test_balancer() {
  balancer_problem="$balancer_file.conf cannot be written (disk full?)"
  { mkdir -p "${balancer_file%/*}" && printf '%s\n' "$balancer_text" >"$balancer_file.conf.new"; } 2>/dev/null || return 1
  case $1 in
    haproxy) balancer_answer=$(haproxy -c -f "$balancer_file.conf.new" 2>&1) ;;
    # It tries to listen, so it must be where the addresses are.
    nginx) balancer_answer=$(run_in "$2" nginx -t -q -e stderr -c "$balancer_file.conf.new" 2>&1) ;;
  esac && return 0
  rm -f "$balancer_file.conf.new"
  # Of HAProxy's notes and warnings, those for which it refuses.
  balancer_alerts=$(printf '%s\n' "$balancer_answer" | sed -n 's/^\[ALERT\][^:]*: //p')
  balancer_problem="$1 refuses the configuration of $2: ${balancer_alerts:-$balancer_answer}"
  return 1
}
balancer_file_is_right() { [ "$(cat "$balancer_file.conf" 2>/dev/null)" = "$balancer_text" ]; }

# ---- the process ------------------------------------------------------------------------------------------------

ask_balancer() { # DRIVER QUESTION: NGINX answers without one
  [ -S "$balancer_file.sock" ] || return 1
  case $1 in
    haproxy) say "$2" | timeout 5 socat -t 5 - "UNIX-CONNECT:$balancer_file.sock" ;;
    nginx) timeout 5 socat -u "UNIX-CONNECT:$balancer_file.sock" - ;;
  esac 2>/dev/null
}
balancer_says() { # DRIVER: what it was started with; nothing where it does not run
  ask_balancer "$1" 'show info' | sed -n 's/^description: //; /^sdn-[0-9]*$/p'
}
is_balancer() { # PID
  [ -n "$1" ] && case $(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") in *" $balancer_file.conf"*) ;; *) return 1 ;; esac
}
# find_balancer WHERE: sets balancer_pid, where it lives and, if not in that namespace, is one of before.
find_balancer() {
  balancer_pid=
  if [ -e "$balancer_file.pid" ]; then read -r balancer_pid <"$balancer_file.pid" || :; fi
  is_balancer "$balancer_pid" || balancer_pid=
  [ -n "$balancer_pid" ] && [ "$(ip netns identify "$balancer_pid" 2>/dev/null)" = "$1" ]
}

# HAProxy begins with what is known of the backends. Of whom nothing is known, gets nothing before a good check.
write_states() { # yes where it runs
  { [ -z "$1" ] || ask_balancer haproxy 'show servers state'; say "$balancer_text"; } | awk '
    BEGIN { print 1 }
    NF > 20 && $1 ~ /^[0-9]+$/ { known[$2, $4] = $0; next }
    $1 == "listen" { section = $2; next }
    $1 == "server" && / check / {
      port = $3; sub(/.*:/, "", port)
      print ((section, $2) in known) ? known[section, $2] : \
        "0 " section " 0 " $2 " " $2 " 0 0 1 1 0 1 0 0 6 0 0 0 - " port " - 0 0 - - 0"
    }' >"$balancer_file.state"
}

balancer_unit() { echo "sdn-$1@${2:-}.service"; } # DRIVER [VNI]
balancer_unit_text() { # DRIVER
  case $1 in
    haproxy)
      unit_type=notify unit_command='haproxy -Ws -f /var/lib/sdn/balancers/%i/haproxy.conf -p /var/lib/sdn/balancers/%i/haproxy.pid' ;;
    nginx)
      unit_type=exec unit_command='nginx -e stderr -g "daemon off;" -c /var/lib/sdn/balancers/%i/nginx.conf' ;;
  esac
  cat <<UNIT
[Unit]
Description=Load balancer of the virtual network %i of sdn
RequiresMountsFor=/var/lib/sdn
ConditionPathExists=/var/lib/sdn/balancers/%i/$1.conf
StartLimitIntervalSec=0
[Service]
Type=$unit_type
NetworkNamespacePath=/run/netns/sdn-r-%i
ExecStartPre=/bin/rm -f /var/lib/sdn/balancers/%i/$1.sock
ExecStart=$unit_command
KillMode=mixed
SuccessExitStatus=143
Restart=always
RestartSec=1
LimitNOFILE=131072
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_NET_BIND_SERVICE CAP_SYS_RESOURCE CAP_KILL CAP_CHOWN CAP_DAC_OVERRIDE
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
SystemCallArchitectures=native
ProtectSystem=strict
ReadWritePaths=/var/lib/sdn/balancers/%i
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
UNIT
}
write_balancer_unit() { # DRIVER
  ! balancer_unit_is_right "$1" || return 0
  balancer_unit_text "$1" | write_unit "$(balancer_unit "$1")" || {
    balancer_problem=$keep_problem keep_problem=
    return 1
  }
  systemctl daemon-reload 2>/dev/null
}
balancer_unit_is_right() { # DRIVER
  ! can_supervise || [ "$(cat "$units/$(balancer_unit "$1")" 2>/dev/null)" = "$(balancer_unit_text "$1")" ]
}

start_balancer() { # DRIVER VNI WHERE
  [ "$1" != haproxy ] || write_states ''
  if can_supervise; then
    balancer_answer=$(systemctl restart "$(balancer_unit "$1" "$2")" 2>&1) && return 0
  else
    kill_balancer "$1" "$3"
    rm -f "$balancer_file.sock"
    case $1 in
      haproxy) run_in "$3" haproxy -W -D -f "$balancer_file.conf" -p "$balancer_file.pid" ;;
      nginx) run_in "$3" nginx -e stderr -c "$balancer_file.conf" ;;
    esac >"$balancer_file.out" 2>&1 9<&- && return 0
    balancer_answer=$(cat "$balancer_file.out")
  fi
  balancer_problem="$1 does not start in $3: $balancer_answer"
  return 1
}
# Of a host without systemd; a master that was killed leaves the others behind.
kill_balancer() { # DRIVER WHERE
  find_balancer "$2" || :
  balancer_pids=$balancer_pid
  for one_pid in $(ip netns pids "$2" 2>/dev/null); do
    [ "$(cat "/proc/$one_pid/comm" 2>/dev/null)" != "$1" ] || balancer_pids="$balancer_pids $one_pid"
  done
  # shellcheck disable=SC2086 # numbers
  kill $balancer_pids 2>/dev/null
  for attempt in $(seq 100); do
    balancer_left=
    for one_pid in $balancer_pids; do
      # What ended and has nobody who asks for it counts for nothing.
      case $(cat "/proc/$one_pid/stat" 2>/dev/null) in '' | *') Z '*) ;; *) balancer_left="$balancer_left $one_pid" ;; esac
    done
    [ -n "$balancer_left" ] || return 0
    # shellcheck disable=SC2086 # numbers
    [ "$attempt" != 60 ] || kill -KILL $balancer_left 2>/dev/null
    sleep 0.05
  done
}
stop_balancer() { # DRIVER VNI WHERE
  balancer_file=$state/balancers/$2/$1
  [ -e "$balancer_file.conf" ] || [ -e "$balancer_file.pid" ] || return 0
  if can_supervise; then systemctl stop "$(balancer_unit "$1" "$2")" 2>/dev/null; else kill_balancer "$1" "$3"; fi
  for one in conf conf.new pid sock state out; do rm -f "$balancer_file.$one"; done
  rmdir "${balancer_file%/*}" "$state/balancers" 2>/dev/null
  # The last one takes the unit along.
  if can_supervise && ! grep -rqs --exclude="${fragment:-.*}" -e "^service_balancer $1 " "$state/resources"; then
    rm -f "$units/$(balancer_unit "$1")"
    systemctl daemon-reload 2>/dev/null
  fi
  return 0
}

# ---- bringing records and process together ----------------------------------------------------------------------

balancer_was_changed() { # DRIVER VNI WHERE
  case $balancers_changed in *" $1/$2/$3 "*) ;; *) balancers_changed="$balancers_changed$1/$2/$3 " ;; esac
}
settle_balancers() {
  settled=0
  for settled_one in $balancers_changed; do
    # shellcheck disable=SC2086 # its parts
    IFS=/ && set -- $settled_one && IFS=$blanks
    settle_balancer "$@" || { settled=1 && warn "$balancer_problem"; }
  done
  balancers_changed=' '
  return "$settled"
}
settle_balancer() { # DRIVER VNI WHERE
  render_balancer "$1" "$2"
  if [ -z "$balancer_lines" ]; then
    stop_balancer "$@"
    return
  fi
  if ! balancer_file_is_right; then
    test_balancer "$1" "$3" && mv "$balancer_file.conf.new" "$balancer_file.conf" || return 1
  fi
  if can_supervise; then write_balancer_unit "$1" || return 1; fi
  if find_balancer "$3"; then
    [ "$(balancer_says "$1")" != "$balancer_identity" ] || return 0
    # It hands its sockets on: what is asked meanwhile waits in them, and who is connected stays.
    case $1 in
      haproxy) write_states yes && kill -USR2 "$balancer_pid" ;;
      nginx) kill -HUP "$balancer_pid" ;;
    esac
  else
    start_balancer "$@" || return 1
  fi
  # For a tenth of a second the worker of before takes connections beside the new one.
  balancer_told=0
  for attempt in $(seq 100); do
    if [ "$(balancer_says "$1")" = "$balancer_identity" ]; then balancer_told=$((balancer_told + 1)); else balancer_told=0; fi
    [ "$balancer_told" != 5 ] || return 0
    sleep 0.05
  done
  balancer_problem="$1 in $3 does not take its configuration within 5 seconds (after $attempt looks)"
  ! can_supervise || balancer_problem="$balancer_problem: $(journalctl -q -o cat -n 3 -u "$(balancer_unit "$1" "$2")" 2>/dev/null)"
  return 1
}

# ---- words ------------------------------------------------------------------------------------------------------

own_cidr() { case $1 in *:*) say "$1/128" ;; *) say "$1/32" ;; esac; } # ADDRESS
op_service_balancer() { # DRIVER VNI WHERE NAME VIP,VIP|- PART(base64)|-
  balancer_program_lacks "$1"
  if [ -n "$program_lacks" ]; then
    fail remote-failure "$1 cannot balance on this host, which lacks: ${program_lacks#,}"
    return 1
  fi
  recorded_vips=$(sed -n "s/^service_balancer $1 $2 $3 $4 \([^ ]*\) .*/\1/p" "$state/resources/$fragment" 2>/dev/null)
  present=,$(addresses_of "$3" lo)
  for vip in $(commas_apart "$5"); do
    vip=$(own_cidr "$vip")
    case $vip$present in -/* | *",$vip,"*) continue ;; esac
    undo addr-del "$3" "$vip" lo
    try add_address "$3" "$vip" lo || return 1
  done
  drop_vips "$3" "${recorded_vips:--}" "$5" || return 1
  balancer_was_changed "$1" "$2" "$3"
  render_balancer "$1" "$2" "$fragment" "service_balancer $*"
  balancer_file_is_right || test_balancer "$1" "$3" || { fail remote-failure "$balancer_problem"; return 1; }
  rm -f "$balancer_file.conf.new"
}
drop_vips() { # WHERE VIP,VIP|- KEPT,KEPT|-
  for vip in $(commas_apart "$2"); do
    case $vip,$3, in -,* | *",$vip,"*) continue ;; esac
    vip=$(own_cidr "$vip")
    case ,$(addresses_of "$1" lo) in *",$vip,"*) ;; *) continue ;; esac
    try ip_in "$1" addr del "$vip" dev lo || return 1
    undo addr-add "$1" "$vip" lo
  done
}
op_remove_service_balancer() { # DRIVER VNI WHERE NAME VIP,VIP|-
  balancer_was_changed "$1" "$2" "$3"
  drop_vips "$3" "$5" - || return 1
  render_balancer "$1" "$2" "$fragment"
  # At once: its namespace may be the next to go.
  [ -n "$balancer_lines" ] || stop_balancer "$1" "$2" "$3"
}
op_query_balancer() { # DRIVER VNI WHERE
  settle_balancers || :
  balancer_program_lacks "$1"
  query_lacks=$program_lacks
  [ -n "$program_lacks" ] || render_balancer "$1" "$2"
  if [ -z "$program_lacks" ] && [ -n "$balancer_lines" ]; then
    balancer_file_is_right || query_lacks=$query_lacks,config
    balancer_unit_is_right "$1" || query_lacks=$query_lacks,unit
    if ! find_balancer "$3"; then
      query_lacks=$query_lacks,process
    elif [ "$(balancer_says "$1")" != "$balancer_identity" ]; then
      query_lacks=$query_lacks,running
    fi
  fi
  [ -z "$query_lacks" ] || say "balancer $1 $2 ${query_lacks#,}"
}
balancer_picture() {
  grep -rhs -e '^service_balancer ' "$state/resources" | cut -d ' ' -f 2-4 | sort -u |
    while read -r picture_driver picture_vni picture_where; do
      balancer_file=$state/balancers/$picture_vni/$picture_driver
      picture_state=$(cksum <"$balancer_file.conf" | tr ' ' -)
      if find_balancer "$picture_where"; then picture_state=$picture_state/$(balancer_says "$picture_driver"); fi
      echo "=balancer $picture_driver $picture_vni $picture_state"
    done
}

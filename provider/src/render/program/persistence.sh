# What lets a host come back by itself: the saved program with its systemd units, and the making again of what the
# ledger says, at boot (`restore`) and by timer (`assert`). Stands before program.sh, whose functions it uses.

units=/etc/systemd/system
unit_names='sdn-restore.service sdn-assert.service sdn-assert.timer'
unit_links='multi-user.target.wants/sdn-restore.service docker.service.wants/sdn-assert.service timers.target.wants/sdn-assert.timer'
# How many asserts in a row may be content with the picture of the host being the same: an hour's at the most.
longest_trust=12
events_kept=50
mode=
without_docker=
keep_problem=

# ---- records ----------------------------------------------------------------------------------------------------
# A record is one file: generation, hash, mark, intent, checksum of all but this line, and then the words that make the
# resource, an operation a line. One rename writes it, so the words and the rest never disagree.

sum_of() { sum=$(printf '%s\n' "$1" | sha256sum) && sum=${sum%% *}; }

record_text() { # INTENT(base64)
  sum_of "$generation$newline$hash$newline$mark$newline$1$newline${words%"$newline"}"
  printf '%s\n' "$generation" "$hash" "$mark" "$1" "$sum" "${words%"$newline"}"
}

# check_record RESOURCE: sets record_state to none, whole, old (of a version that saved no words) or damaged.
check_record() {
  record_state=none
  [ -e "$state/resources/$1" ] || return 0
  record_state=damaged
  {
    read -r record_generation && read -r record_hash && read -r record_mark || return 0
    # The firewall's intent is megabytes, which `read` takes byte by byte: who wants it asks for it.
    if [ "$1" = firewall ]; then
      record_intent=- record_sum=$(sed -n 2p)
    else
      read -r record_intent || return 0
      read -r record_sum || record_sum=
    fi
  } <"$state/resources/$1"
  case $record_generation in '' | *[!0-9]*) return 0 ;; esac
  case "$record_hash$record_mark$record_intent" in '' | *[!A-Za-z0-9_.:/@=,+%-]*) return 0 ;; esac
  # What this run wrote needs no sum to be believed.
  case $written in *" $1 "*) record_state=whole && return 0 ;; esac
  if [ -z "$record_sum" ]; then
    record_state=old
  elif [ "$(sed 5d "$state/resources/$1" | sha256sum)" = "$record_sum  -" ]; then
    record_state=whole
  fi
}

# ---- the saved program and its units ----------------------------------------------------------------------------

can_keep() { [ "$scope" = - ] && [ -d /run/systemd/system ]; }
program_is_whole() {
  [ -e "$state/program" ] && read -r _ kept_sum <"$state/program" &&
    [ "$(tail -n +2 "$state/program" | sha256sum)" = "$kept_sum  -" ]
}
units_are_in_force() {
  for one in $unit_names $unit_links; do [ -e "$units/$one" ] || return 1; done
  systemctl is-active --quiet sdn-assert.timer
}

persistence() { # none, read-only, damaged or systemd
  can_keep || { echo none; return; }
  [ -w "$units" ] || { echo read-only; return; }
  if [ -e "$state/resources" ]; then
    if ! program_is_whole || ! units_are_in_force; then
      echo damaged
      return
    fi
  fi
  echo systemd
}

# The text that runs is the text that is saved, and it travels once: in two halves, as an argument has its limit, or
# whole, as what `/bin/sh -c` was given.
own_text() {
  if [ -n "${SDN_SECOND:-}" ]; then
    printf '%s' "$SDN_FIRST$SDN_SECOND"
  else
    tail -c +12 "/proc/$$/cmdline" | tr -d '\000'
  fi
}
run_myself() { # WORD…
  if [ -n "${SDN_SECOND:-}" ]; then
    # shellcheck disable=SC2016 # the inner shell expands it; targets/remote-program.ts has it, too
    set -- 'SDN_FIRST=${1%?} SDN_SECOND=$2; shift 2; eval "$SDN_FIRST$SDN_SECOND"' sdn "$SDN_FIRST." "$SDN_SECOND" "$@"
  else
    set -- "$(own_text)" sdn "$@"
  fi
  exec setsid /bin/sh -c "$@"
}

op_keep() { # A failure is one of all fragments that follow and would be recorded.
  can_keep && [ -w "$units" ] || return 0
  own_sum=$(own_text | sha256sum)
  own_sum=${own_sum%% *}
  program_is_whole && [ "$kept_sum" = "$own_sum" ] && units_are_in_force && return 0
  # The program comes last: where it is, everything is.
  write_units && write_program && follow_anew
}

write_program() {
  { printf '# %s\n' "$own_sum" && own_text; } >"$state/.program.new" 2>/dev/null
  if [ "$(tail -n 1 "$state/.program.new" 2>/dev/null)" = 'say complete' ] && chmod 0700 "$state/.program.new" &&
    sync "$state/.program.new" && mv "$state/.program.new" "$state/program"; then
    return 0
  fi
  rm -f "$state/.program.new"
  keep_problem="$state/program cannot be written (disk full?)"
  return 1
}

write_unit() { # NAME, text on standard input
  { cat >"$units/.$1.new" && chmod 0644 "$units/.$1.new" && mv "$units/.$1.new" "$units/$1"; } 2>/dev/null && return 0
  rm -f "$units/.$1.new"
  keep_problem="$units/$1 cannot be written (disk full?)"
  return 1
}
write_units() {
  write_unit sdn-restore.service <<'UNIT' || return 1
[Unit]
Description=Container networks of sdn, as they were last applied
RequiresMountsFor=/var/lib/sdn
After=network.target nftables.service netfilter-persistent.service firewalld.service ufw.service
Before=docker.service
ConditionPathExists=/var/lib/sdn/program

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'read -r _ sum </var/lib/sdn/program; if [ "$(tail -n +2 /var/lib/sdn/program | sha256sum)" = "$$sum  -" ]; then exec /bin/sh /var/lib/sdn/program restore; fi; echo "/var/lib/sdn/program is damaged (wrong checksum): nothing is restored" >&2; exit 1'
TimeoutStartSec=300

[Install]
WantedBy=multi-user.target
UNIT
  write_unit sdn-assert.service <<'UNIT' || return 1
[Unit]
Description=Repair of the container networks of sdn
RequiresMountsFor=/var/lib/sdn
After=sdn-restore.service docker.service
ConditionPathExists=/var/lib/sdn/program

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'read -r _ sum </var/lib/sdn/program; if [ "$(tail -n +2 /var/lib/sdn/program | sha256sum)" = "$$sum  -" ]; then exec /bin/sh /var/lib/sdn/program assert; fi; echo "/var/lib/sdn/program is damaged (wrong checksum): nothing is repaired" >&2; exit 1'
TimeoutStartSec=300

[Install]
WantedBy=docker.service
UNIT
  write_unit sdn-assert.timer <<'UNIT' || return 1
[Unit]
Description=Regular repair of the container networks of sdn

[Timer]
OnActiveSec=5min
OnUnitInactiveSec=5min
AccuracySec=30s

[Install]
WantedBy=timers.target
UNIT
  for one in $unit_links; do
    if ! { mkdir -p "$units/${one%/*}" && ln -sf "../${one##*/}" "$units/$one"; } 2>/dev/null; then
      keep_problem="$units/$one cannot be written (disk full?)"
      return 1
    fi
  done
  keep_answer=$(systemctl daemon-reload 2>&1 && systemctl start sdn-assert.timer 2>&1) && return 0
  keep_problem="systemd does not take the units of sdn: $keep_answer"
  return 1
}

# With the last resource, of whichever stack. The program goes last: while it is there, there may be units.
unkeep() {
  rm -f "$state/events" "$seen"
  [ "$scope" = - ] && [ -e "$state/program" ] || return 0
  systemctl stop sdn-assert.timer sdn-restore.service 2>/dev/null
  for one in $unit_links $unit_names; do rm -f "$units/$one"; done
  rmdir "$units/docker.service.wants" 2>/dev/null
  systemctl daemon-reload 2>/dev/null
  systemctl reset-failed 'sdn-*' 2>/dev/null
  rm -f "$state/program"
}
no_resources() {
  set +f
  set -- "$state"/resources/*
  set -f
  [ ! -e "$1" ] && [ ! -e "$state/firewall.armed" ]
}

# What was written is on the disk before anybody is told.
settle() {
  set +f
  sync "$state"/resources "$state"/resources/* 2>/dev/null
  set -f
}

# ---- what is noted for the next look ----------------------------------------------------------------------------

note() { # restored|repaired|rolled-back|failed|damaged RESOURCE|- TEXT
  printf '%s: %s\n' "$2" "$3" >&2
  noted="$1 $2 $(encode "$3")"
  case $1 in
    # What stays wrong is said once.
    failed | damaged)
      last_noted=$(grep -F " $2 " "$state/events" 2>/dev/null | tail -n 1)
      [ "${last_noted#* }" != "$noted" ] || return 0 ;;
  esac
  {
    tail -n $((events_kept - 1)) "$state/events" 2>/dev/null
    printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$noted"
  } >"$state/.events.new" 2>/dev/null && mv "$state/.events.new" "$state/events"
}
report_events() {
  [ -e "$state/events" ] || return 0
  while read -r event; do say "event $event"; done <"$state/events"
}

# ---- a picture of what the records make, one thing a line: its name, a tab, what it is like ----------------------

docker_runs() { # Asking a stopped engine would start it where systemd listens on its socket.
  command -v docker >/dev/null 2>&1 || return 1
  if [ -e /run/docker.pid ]; then
    read -r docker_pid </run/docker.pid || : # no newline ends it
    [ ! -d "/proc/${docker_pid:-none}" ] || return 0
  fi
  ! { [ -d /run/systemd/system ] && systemctl is-active --quiet docker.socket; } || return 1
  docker version >/dev/null 2>&1
}
addressing_of() { # WHERE
  printf '%s\n' 'link show' 'addr show' 'route show table all' 'rule show' 'neigh show nud permanent' |
    ip_in "$1" -o -4 -batch -
  printf '%s\n' 'addr show' 'route show table all' 'rule show' 'neigh show nud permanent' | ip_in "$1" -o -6 -batch -
}
host_settings() {
  for knob in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding \
    /proc/sys/net/ipv[46]/conf/sdn-b-*/disable_ipv6 /proc/sys/net/ipv4/conf/sdn-b-*/arp_ignore; do
    [ -e "$knob" ] && read -r value <"$knob" && echo "=setting ${knob#/proc/sys/} $value"
  done
}
docker_picture() {
  docker network ls --no-trunc --filter label=sdn.mark --format '=docker {{.Name}} {{.ID}}'
  # One that was started anew has lost what we plugged into it.
  plugged=$(sed -n 's/.* container:\([^ ]*\).*/\1/p; s/^container_guard \([^ ]*\).*/\1/p' "$state"/resources/port-* | sort -u)
  # shellcheck disable=SC2086 # names of containers
  [ -z "$plugged" ] || docker inspect --format '=container {{.Name}} {{.State.Pid}}' $plugged
}
picture() {
  set +f
  {
    echo "@ -"
    addressing_of -
    bridge fdb show | sed -n '/^00:00:00:00:00:00 dev sdn-.* dst /s/^/=fdb /p; / sticky/s/^/=fdb /p'
    host_settings
    echo '@nft -'
    nft -s list table inet sdn
    nft -s list table bridge sdn
    for name in $(namespace_names); do
      namespace_is_ours "$name" || continue
      echo "@ $name"
      addressing_of "$name"
      echo "@nft $name"
      # shellcheck disable=SC2016 # the inner shell expands it
      nsenter "--net=/run/netns/$name" sh -c 'nft -s list table inet sdn
        for knob in ipv4/ip_forward ipv6/conf/all/forwarding ipv4/conf/all/arp_ignore ipv4/conf/all/arp_announce \
          ipv4/conf/all/rp_filter; do read -r value <"/proc/sys/net/$knob" && echo "=setting net/$knob $value"; done'
    done
    for tool in iptables ip6tables; do
      command -v "$tool" >/dev/null 2>&1 || continue
      "$tool" -w 10 -S DOCKER-USER | sed -n "/sdn:/s/^/=forward $tool /p"
    done
    [ -n "$without_docker" ] || docker_picture
    firewall_picture
    dns_picture
    balancer_picture
    # Theirs until it has our mark: that it is there again is the news.
    sed -n 's/^adopt_link \([^ ]*\) .*/\1/p' "$state"/resources/adopted-* | while read -r name; do
      if ip link show dev "$name" >/dev/null; then echo "=adopted $name"; fi
    done
    cksum "$state"/resources/* | sed 's/^/=record /'
  } 2>/dev/null | awk '
    function put(item, value) { print item (where == "-" ? "" : " in " where) "\t" value }
    { gsub(/ (linkdown|dead)/, ""); sub(/ expires [0-9]+sec/, ""); sub(/ valid_lft .*/, ""); sub(/[ \\]+$/, "") }
    $1 == "@" || $1 == "@nft" { where = $2; nft = $1 == "@nft"; next }
    $1 == "=fdb" { put("forwarding entry " $2 " of " $4, $0); next }
    # What an engine undoes at each of its starts is no news.
    $1 == "=setting" { put(($2 ~ /disable_ipv6$/ ? "=" : "") "setting " $2, $3); next }
    $1 == "=adopted" { put($1 " " $2, ""); next }
    $1 == "=forward" { print $0 "\t"; next }
    $1 == "=dns" { print "DNS server of " $2 "\t" $3; next }
    $1 == "=balancer" { print "load balancer " $2 " of network " $3 "\t" $4; next }
    $1 == "=table" { print "table inet " $2 "\t" $3; next }
    $1 == "=container" { print $1 " " $2 "\t" $3; next }
    $1 == "=docker" { print "Docker network " $2 "\t" $3; next }
    $1 == "=record" { print $1 " " $4 "\t" $2; next }
    nft && /^table / { table = $2 }
    nft { put("nftables of " table, $0); next }
    /^[0-9]+: [^ ]+: </ {
      name = $2; sub(/[@:].*/, "", name)
      if (where != "-" || / alias sdn:/ || / master sdn-b-/) {
        sub(/^[0-9]+: /, ""); sub(/ qdisc .* link\//, " link/" (match($0, / master [^ ]+/) ? substr($0, RSTART, RLENGTH) " " : "")); put("interface " name, $0)
      }
      next
    }
    /^[0-9]+: +[^ ]+ +inet6? / {
      if ($4 !~ /^fe80/ && (where != "-" || $2 ~ /^sdn-/)) put("address " $4 " on " $2, "")
      next
    }
    /^[0-9]+:/ { if (where != "-" || / iif sdn-b-/) put("rule " $1, $0); next }
    / lladdr / { if (where != "-" || / dev sdn-b-/) put("neighbour " $1, $0); next }
    $0 != "" && !/fe80::|ff00::/ && (where != "-" || !/ table local/) {
      put("route to " ($1 ~ /^(blackhole|unreachable|prohibit|local|broadcast|anycast|multicast)$/ ? $2 : $1), $0)
    }'
  set -f
}
# What became of the first picture in the second, in words: at most three things.
difference() { # PICTURE PICTURE
  { printf '%s\n' "$1" -- "$2"; } | awk -F '\t' '
    $0 == "--" { second = 1; next }
    /^=/ { next }
    !second { before[$0] = 1; had[$1] = 1; olds[++count] = $0; next }
    { now[$0] = 1; has[$1] = 1 }
    !($0 in before) && !($1 in said) { said[$1] = 1; text[++n] = $1 " was " (($1 in had) ? "changed" : "missing") }
    END {
      for (i = 1; i <= count; i++) {
        split(olds[i], part, "\t")
        if (!(olds[i] in now) && !(part[1] in has) && !(part[1] in said)) {
          said[part[1]] = 1; text[++n] = part[1] " was not ours"
        }
      }
      for (i = 1; i <= n && i <= 3; i++) printf "%s%s", (i > 1 ? ", " : ""), text[i]
      if (n > 3) printf " and %d more", n - 3
    }'
}

# ---- making again what the records say --------------------------------------------------------------------------

# The firewall first, so that nothing passes before it; then routers, then what stands on them. At boot what needs Docker is left to the assert that follows Docker's start.
records_in_order() {
  firewall='' routers='' segments='' ports='' others=''
  set +f
  for file in "$state"/resources/*; do
    [ -e "$file" ] || continue
    case ${file##*/} in
      firewall) firewall=firewall ;;
      router-*) routers="$routers ${file##*/}" ;;
      segment-*) segments="$segments ${file##*/}" ;;
      port-*) ports="$ports ${file##*/}" ;;
      *) others="$others ${file##*/}" ;;
    esac
  done
  set -f
  keys="$firewall$routers$segments$others$ports"
}

make_again() { # RESOURCE: sets outcome to made, failed, damaged or left
  outcome=left
  check_record "$1"
  case $record_state in
    damaged) outcome=damaged; return 0 ;;
    whole) ;;
    *) return 0 ;;
  esac
  # What is still to be proved is left as it is.
  [ "$1" != firewall ] || ! read_armed || return 0
  saved_words=$(sed 1,5d "$state/resources/$1")
  if [ -n "$without_docker" ]; then
    case $saved_words in *' container:'* | *container_guard* | *docker_connection* | *adopt_docker_network*) return 0 ;; esac
  fi
  # What was adopted is made by somebody else, who may come later than the restore.
  case $mode$saved_words in restore*adopt_*) return 0 ;; esac
  acted='' fragment=$1 failed=0 failure='' undo_list='' mark=$record_mark hash=$record_hash generation=$record_generation
  # What Docker does at the same time is not known here.
  [ -n "$without_docker" ] || forget_links
  while read -r saved_line <&4; do
    case $without_docker$saved_line in yesdocker_*) continue ;; esac
    # shellcheck disable=SC2086 # as in the main loop
    perform $saved_line
  done 4<<WORDS
$saved_words
WORDS
  # What was repaired is told by resource; balancers are told once for all of them at a start.
  [ "$failed" != 0 ] || settle_dns || failed=1 failure=$dns_problem
  [ "$failed$mode" != 0assert ] || settle_balancers || failed=1 failure=$balancer_problem
  outcome=made
  [ "$failed" = 0 ] || outcome=failed
  # A container that is not there now is not a fault, nor is what somebody else made and has not made again.
  case $failure in
    container\ *' is not running' | container\ *' does not exist on this engine' | *'; what was adopted is not made anew') outcome=left ;;
  esac
  leave_fragment
}

op_again() { # restore|assert
  mode=$1 trouble=0
  [ "$mode" != restore ] || roll_back_unproved
  records_in_order
  if [ "$mode" = restore ]; then restore_records; else assert_records; fi
  mode=''
  return "$trouble"
}

restore_records() {
  without_docker=yes
  picture_before=$(picture)
  made_count=0 again_keys=''
  for key in $keys; do
    make_again "$key"
    case $outcome in
      made) made_count=$((made_count + 1)) ;;
      failed) again_keys="$again_keys $key" ;;
      damaged)
        damage_of "$key"
        tell_trouble damaged "$key" "$damage"
        close_bridge "$key" ;;
    esac
  done
  # What stands on something of a later kind has it now.
  for key in $again_keys; do
    make_again "$key"
    if [ "$outcome" = failed ]; then
      tell_trouble failed "$key" "$failure"
      close_bridge "$key"
    else
      made_count=$((made_count + 1))
    fi
  done
  settle_balancers || tell_trouble failed - "$balancer_problem"
  [ "$made_count" = 0 ] || [ "$(picture)" = "$picture_before" ] ||
    note restored - "$made_count"
}
# Docker will make the bridge of its network by itself: then nothing may pass between it and the host.
close_bridge() { # RESOURCE
  close_tables
  case $1 in segment-*) ;; *) return 0 ;; esac
  fragment=$1 failed=0 undo_list=''
  op_nft_elements inet "bridges=sdn-b-${1#segment-}"
  leave_fragment
}
# The tables are made by whole records, which write these chains anew. Where no record is whole, all bridges are closed.
close_tables() {
  nft list table inet sdn >/dev/null 2>&1 || nft -f /proc/self/fd/0 <<'CLOSED'
add table inet sdn
add set inet sdn bridges { type ifname; }
add chain inet sdn input { type filter hook input priority -10; policy accept; }
add chain inet sdn forward { type filter hook forward priority -10; policy accept; }
add rule inet sdn input iifname "sdn-b-*" drop
add rule inet sdn forward iifname "sdn-b-*" drop
add rule inet sdn forward oifname "sdn-b-*" drop
CLOSED
}
tell_trouble() {
  trouble=1
  note "$@"
}

assert_records() {
  [ ! -e "$state/resources/firewall" ] || save_hits look
  docker_runs || without_docker=yes
  picture_now=$(picture)
  trust=0 trusted=''
  if [ -e "$seen" ]; then { read -r trust; trusted=$(cat); } <"$seen"; fi
  case $trust in '' | *[!0-9]*) trust=0 ;; esac
  if [ "$trust" -gt 0 ] && [ "$trusted" = "$picture_now" ]; then
    remember_picture $((trust - 1))
    return 0
  fi
  for key in $keys; do
    make_again "$key"
    case $outcome in
      made)
        # Of services there may be a thousand, and each looks before it does anything.
        case $acted$key in service-*) continue ;; esac
        picture_after=$(picture)
        if [ "$picture_after" != "$picture_now" ]; then
          changes=$(difference "$picture_now" "$picture_after")
          [ -z "$changes" ] || note repaired "$key" "$changes"
          picture_now=$picture_after
        fi ;;
      failed) tell_trouble failed "$key" "$failure" ;;
      damaged)
        damage_of "$key"
        tell_trouble damaged "$key" "$damage"
        close_bridge "$key" ;;
    esac
  done
  if [ "$trouble" = 0 ]; then remember_picture "$longest_trust"; else rm -f "$seen"; fi
}
remember_picture() { printf '%s\n' "$1" "$picture_now" >"$seen" 2>/dev/null || rm -f "$seen"; }

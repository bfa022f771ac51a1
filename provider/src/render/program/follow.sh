# Who is known on the host alone: containers by their labels, and what DNS names resolve to. They are elements of the maps
# dyn_* of the firewall's table; rules are never changed for them. Stands before program.sh, whose functions it uses.
# What is to be filled in is a text, a thing a line (compile/firewall/dynamic-lines.ts), in $state/firewall.dynamics.

found=/run/sdn # .names: NAME ADDRESS SECONDS, .containers: what the engine said last
names_every=30
# Answers rotate: an address counts for as long after it was seen last.
name_kept=300

# ---- what the host knows ----------------------------------------------------------------------------------------

dynamics_now() { cat "$state/firewall.dynamics" 2>/dev/null; }
networks_of_records() { grep -rhs '^docker_network ' "$state/resources" | cut -d ' ' -f 2; }

# Labels are any text: as JSON each is one line, and two that differ are two that differ.
ask_engine() {
  [ -z "$without_docker" ] && docker_runs || return 1
  # shellcheck disable=SC2046 # names of networks are words
  timeout 10 docker network inspect --format \
    'network {{json .Id}} {{json (index .Options "com.docker.network.bridge.name")}}' $(networks_of_records) 2>/dev/null
  # One that ends meanwhile makes it fail.
  for attempt in 1 2 3; do
    ids=$(timeout 10 docker ps -q --no-trunc 2>/dev/null) || return 1
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2016,SC2086 # a template; hexadecimal words
    asked=$(timeout 10 docker inspect --type container --format 'container {{.State.Pid}} {{json .Name}}
{{range $k, $v := .Config.Labels}}has {{json $k}}={{json $v}}
{{end}}{{range .NetworkSettings.Networks}}at {{json .NetworkID}} {{json .IPAddress}} {{json .GlobalIPv6Address}}
{{end}}' $ids 2>/dev/null) && break
    asked=
  done
  [ -n "$asked" ] && say "$asked"
}
# Of an engine that does not answer: what still lives of what it said last.
living() {
  lives=yes
  while read -r line; do
    case $line in
      container\ *)
        one=${line#container }
        if [ -d "/proc/${one%% *}" ]; then lives=yes; else lives=; fi ;;
    esac
    [ -z "$lives" ] || say "$line"
  done
}
gather() { # sets gathered
  if gathered=$(ask_engine); then
    { say "$gathered" >"$found.containers.new" && mv "$found.containers.new" "$found.containers"; } 2>/dev/null
  else
    gathered=$([ ! -e "$found.containers" ] || living <"$found.containers")
  fi
  # What we plug into containers ourselves.
  ours=$(grep -rhs -e '^veth [^ ]* container:' -e '^addresses container:' "$state/resources")
  gathered=$gathered$newline$ours
}

names_in() { sed -n 's/^name [0-9]* //p' | sort -u; } # DYNAMICS on standard input
answers_to() { # NAME. A line a write, since several are asked at once.
  { timeout 5 getent -A ahosts "$1" || timeout 5 getent ahosts "$1"; } 2>/dev/null | cut -d ' ' -f 1 | sort -u |
    while read -r answer; do say "$1 $answer"; done
}
resolve() { # NAME…
  [ $# != 0 ] || { rm -f "$found.names"; return; }
  {
    for one in "$@"; do answers_to "$one" & done
    wait
  } >"$found.names.$$"
  { sed 's/^/now /' "$found.names.$$" && sed 's/^/then /' "$found.names"; } 2>/dev/null |
    awk -v now="$(date +%s)" -v kept="$name_kept" '
      $1 == "now" { known[$2, $3] = 1; print $2, $3, now; next }
      now - $4 < kept && !(($2, $3) in known) { print $2, $3, $4 }' >"$found.names.$$.new" &&
    mv "$found.names.$$.new" "$found.names"
  rm -f "$found.names.$$"
}
# Before a table is loaded, those of which nothing is known yet.
learn_names() { # DYNAMICS on standard input
  unknown=
  for one in $(names_in); do
    grep -qs "^$one " "$found.names" || unknown="$unknown $one"
  done
  # shellcheck disable=SC2086 # names are words
  [ -z "$unknown" ] || [ "$mode" = restore ] || resolve $unknown
}

# ---- elements ---------------------------------------------------------------------------------------------------

# elements TABLE whole|difference: what is to be filled in and, for a difference, nft's listing of the maps, on standard
# input → more commands of a transaction. The same as dynamicElements in compile/firewall/dynamics.ts.
elements() {
  { cat; say "$gathered"; sed 's/^/answer /' "$found.names" 2>/dev/null; } |
    awk -v table="$1" -v whole="$2" -v now="$(date +%s)" -v kept="$name_kept" '
    function pad(x) { return substr("0000" x, length(x) + 1) }
    function hex(a,  h, i, n, m, l, r) {
      if (a !~ /:/) {
        if (a !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) return ""
        split(a, l, ".")
        for (i = 1; i <= 4; i++) h = h sprintf("%02x", l[i])
        return length(h) == 8 ? h : ""
      }
      if (a ~ /[^0-9a-fA-F:.]/) return ""
      if (match(a, /[0-9]+\.[0-9.]+$/)) { h = hex(substr(a, RSTART)); a = substr(a, 1, RSTART - 1) substr(h, 1, 4) ":" substr(h, 5) }
      i = index(a, "::"); h = ""
      n = split(i ? substr(a, 1, i - 1) : a, l, ":"); m = split(i ? substr(a, i + 2) : "", r, ":")
      for (i = 1; i <= n; i++) h = h pad(l[i])
      for (i = n + m; i < 8; i++) h = h "0000"
      for (i = 1; i <= m; i++) h = h pad(r[i])
      return length(h) == 32 && h !~ /^00000000000000000000ffff/ ? tolower(h) : ""
    }
    function bare(x) { return substr(x, 2, length(x) - 2) }
    function place(c, b, a,  h) {
      h = hex(a)
      if (b == "" || h == "") return
      text[h] = a; of[++places] = c; where[places] = b; what[places] = h
    }
    function matches(c, s,  i, j, n, w, has, in_it) {
      for (i = 1; i <= tests[s]; i++) {
        n = split(test[s, i], w, " ")
        has = (c, w[2]) in label; in_it = 0
        for (j = 3; j <= n; j++) if (has && label[c, w[2]] == "\"" substr(w[j], 2) "\"") in_it = 1
        if (w[1] == "in" ? !in_it : w[1] == "not-in" ? in_it : w[1] == "exists" ? !has : has) return 0
      }
      return 1
    }
    function member(s, b, h) { m_of[s, ++members[s]] = h; m_at[s, members[s]] = b }
    # Who is in which of the lists, and so in which chain; bridges has who counts.
    function fill(map, bridge, bridges, first, last, lists, chains,  i, j, k, n, m, p, l, w, c, h, s, got, bits) {
      n = split(bridges, w, ","); for (i = 1; i <= n; i++) p[w[i]] = 1
      n = split(lists, l, ","); split(chains, c, ",")
      for (i = 1; i <= n; i++) {
        m = split(list[l[i]], w, " ")
        for (j = 1; j <= m; j++) {
          s = w[j]
          for (k = 1; k <= members[s]; k++) {
            h = m_of[s, k]
            if (length(h) != length(first) || "x" h < "x" first || "x" h > "x" last || (h, i) in got) continue
            if (!(s in name) && !(m_at[s, k] in p)) continue
            got[h, i] = 1; bits[h] += 2 ^ (i - 1)
          }
        }
      }
      for (h in bits) want(map, bridge, h, c[bits[h]])
    }
    function want(map, bridge, h, chain) {
      if (!((map, bridge, h) in wanted)) key[map, ++count[map]] = bridge SUBSEP h
      wanted[map, bridge, h] = chain
    }
    function put(verb, map, bridge, h, chain) {
      printf "%s[%s\"%s\"%s,{\"goto\":{\"target\":\"%s\"}}]", opened ? "," : ",{\"" verb "\":{\"element\":{" at(map) ",\"elem\":[",
        bridge == "-" ? "" : "{\"concat\":[\"" bridge "\",", text[h], bridge == "-" ? "" : "]}", chain
      opened = 1
    }
    function done() { if (opened) printf "]}}}"; opened = 0 }
    function at(map) { return "\"family\":\"inet\",\"table\":\"" table "\",\"name\":\"" map "\"" }

    $1 == "name" { name[$2] = $3; next }
    $1 == "containers" { selects[$2] = 1; next }
    $1 == "label" { keys[$4] = 1; test[$2, ++tests[$2]] = substr($0, length($1 $2) + 3); next }
    $1 == "list" { list[$2] = substr($0, length($1 $2) + 3); next }
    $1 == "subject" || $1 == "peer" { line[++lines] = $0; maps[$2] = 1; next }
    $1 == "network" { bridge_of[$2] = bare($3); next }
    $1 == "container" { c = ++containers; named[substr($3, 3, length($3) - 3)] = $2 > 0 ? c : 0; next }
    $1 == "has" {
      for (k in keys) if (index($0, "has \"" k "\"=") == 1) label[c, k] = substr($0, length(k) + 8)
      next
    }
    $1 == "at" { place(c, bridge_of[$2], bare($3)); place(c, bridge_of[$2], bare($4)); next }
    $1 == "veth" { plugged[$3, $4] = $7; next }
    $1 == "addresses" {
      n = split($4, w, ",")
      for (i = 1; i <= n; i++) { sub(/\/.*/, "", w[i]); if (c = named[substr($2, 11)]) place(c, plugged[$2, $3], w[i]) }
      next
    }
    $1 == "answer" {
      h = hex($3)
      if (h == "" || now - $4 >= kept) next
      text[h] = $3
      for (s in name) if (name[s] == $2) member(s, "-", h)
      next
    }
    $1 == "map" { live_map = $2; there[$2] = 1; next }
    / : goto / {
      gsub(/elements =|[{}]/, "")
      n = split($0, w, ",")
      for (i = 1; i <= n; i++) {
        m = split(w[i], p, " ")
        if (p[m - 1] != "goto") continue
        a = p[2] == "." ? p[3] : p[1]; b = p[2] == "." ? bare(p[1]) : "-"; h = hex(a)
        if (!(h in text)) text[h] = a
        live[live_map, b, h] = p[m]
      }
    }
    END {
      for (i = 1; i <= places; i++) for (s in selects) if (matches(of[i], s)) member(s, where[i], what[i])
      for (i = 1; i <= lines; i++) {
        split(line[i], p, " ")
        if (p[1] == "subject") fill(p[2], p[3], p[3], p[4], p[5], p[6], p[7])
        else {
          n = p[3] == 4 ? 8 : 32; a = substr("00000000000000000000000000000000", 1, n); b = a; gsub(/0/, "f", b)
          fill(p[2], "-", p[4], a, b, p[5], p[6])
        }
      }
      if (whole != "whole") for (k in live) {
        split(k, p, SUBSEP)
        if (live[k] == wanted[k]) delete wanted[k]
        else { put("delete", p[1], p[2], p[3], live[k]); done() }
      }
      for (map in maps) {
        if (whole == "whole") printf ",{\"flush\":{\"map\":{%s}}}", at(map)
        else if (!(map in there)) continue
        for (i = 1; i <= count[map]; i++) {
          split(key[map, i], p, SUBSEP)
          if ((map, p[1], p[2]) in wanted) put("add", map, p[1], p[2], wanted[map, p[1], p[2]])
        }
        done()
      }
    }'
}

whole_elements() { # TABLE, what is to be filled in on standard input: emptied and filled, as a part of a transaction
  dynamics=$(cat)
  [ -n "$dynamics" ] || return 0
  say "$dynamics" | learn_names
  gather
  say "$dynamics" | elements "$1" whole
}
list_maps() { # each by itself: of several, nft 1.0.6 finds the last one only
  dynamics_now | sed -n 's/^subject \([^ ]*\) .*/\1/p; s/^peer \([^ ]*\) .*/\1/p' | sort -u |
    while read -r one; do nft list map inet sdn_fw "$one" 2>/dev/null; done
}
# Under the lock, with what was gathered.
fill_in() {
  [ -s "$state/firewall.dynamics" ] || return 0
  filling=$({ dynamics_now; list_maps; } | elements sdn_fw difference)
  [ -n "$filling" ] || return 0
  fill_answer=$(printf '{"nftables":[%s]}\n' "${filling#,}" | nft -j -f /proc/self/fd/0 2>&1) && return 0
  echo "nft does not take the addresses of names and containers: $fill_answer" >&2
  return 1
}
fill_once() {
  [ -s "$state/firewall.dynamics" ] || return 0
  dynamics_now | learn_names
  gather
  fill_in
}
look_once() { # where nobody follows
  [ -s "$state/firewall.dynamics" ] || return 0
  # shellcheck disable=SC2046 # names are words
  resolve $(dynamics_now | names_in)
  if [ -n "$locked" ]; then
    gather
    fill_in
  else
    follow_once
  fi
}

# ---- words ------------------------------------------------------------------------------------------------------

op_firewall_dynamics() { # TEXT(base64)|-
  undo firewall-table
  set_dynamics "$1" || fail remote-failure "$state/firewall.dynamics cannot be written (disk full?)"
}
decode() { [ "$1" = - ] || printf '%s' "$1" | base64 -d; }
recorded_dynamics() { # RECORD
  recorded=$(sed -n 's/^firewall_dynamics //p' "$1" 2>/dev/null)
  say "${recorded:--}"
}
set_dynamics() { # TEXT(base64)|-
  if [ "$1" = - ]; then
    rm -f "$state/firewall.dynamics" "$found.names" "$found.containers"
    stop_following
    return 0
  fi
  { decode "$1" >"$state/.firewall.dynamics.new" &&
    mv "$state/.firewall.dynamics.new" "$state/firewall.dynamics"; } 2>/dev/null || {
    rm -f "$state/.firewall.dynamics.new"
    return 1
  }
  start_following
}

# ---- the unit ---------------------------------------------------------------------------------------------------

can_supervise() { can_keep && [ -w "$units" ]; }
follow_state() { # none: nothing to follow, or no systemd to do it
  if ! can_supervise || [ "$(recorded_dynamics "$state/resources/firewall")" = - ]; then
    echo none
  elif [ -s "$state/firewall.dynamics" ] && systemctl is-active --quiet sdn-follow.service; then
    echo active
  else
    echo inactive
  fi
}
follow_unit() {
  cat <<'UNIT'
[Unit]
Description=Containers by label and DNS names in the firewall of sdn
RequiresMountsFor=/var/lib/sdn
After=sdn-restore.service docker.service
ConditionPathExists=/var/lib/sdn/program
ConditionPathExists=/var/lib/sdn/firewall.dynamics

[Service]
ExecStart=/bin/sh -c 'read -r _ sum </var/lib/sdn/program; if [ "$(tail -n +2 /var/lib/sdn/program | sha256sum)" = "$$sum  -" ]; then exec /bin/sh /var/lib/sdn/program follow; fi; echo "/var/lib/sdn/program is damaged (wrong checksum): nothing is followed" >&2; exit 1'
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
UNIT
}
follow_link=multi-user.target.wants/sdn-follow.service
start_following() { # never waited for: at a start of the host it comes after us
  can_supervise || return 0
  if [ ! -e "$units/$follow_link" ] || [ "$(cat "$units/sdn-follow.service" 2>/dev/null)" != "$(follow_unit)" ]; then
    follow_unit | write_unit sdn-follow.service && mkdir -p "$units/${follow_link%/*}" &&
      ln -sf ../sdn-follow.service "$units/$follow_link" || return 1
    systemctl daemon-reload 2>/dev/null
  fi
  systemctl is-active --quiet sdn-follow.service && return 0
  systemctl reset-failed sdn-follow.service 2>/dev/null
  systemctl start --no-block sdn-follow.service 2>/dev/null
  return 0
}
stop_following() {
  [ "$scope" = - ] && [ -e "$units/sdn-follow.service" ] || return 0
  systemctl stop sdn-follow.service 2>/dev/null
  rm -f "$units/$follow_link" "$units/sdn-follow.service"
  systemctl daemon-reload 2>/dev/null
}
# The program was written anew.
follow_anew() { systemctl try-restart --no-block sdn-follow.service 2>/dev/null; }

# Whatever happened, what is there is looked at as a whole. Events only say when.
run_follow() {
  happenings | {
    # All that is in the pipe at once, be it the end of a line alone.
    while happened=$(dd bs=65536 count=1 2>/dev/null; echo .) && [ "$happened" != . ] && [ -s "$state/firewall.dynamics" ]; do
      follow_once
    done
    # Who writes would not notice; systemd starts all of it anew.
    kill -KILL $$
  }
}
follow_once() {
  gather
  open_lock
  if flock -n 9; then
    fill_in
  elif flock -w 60 9; then
    # What was gathered may be older than what the other run filled in.
    gather
    fill_in
  fi
  exec 9<&-
}
happenings() {
  while :; do
    # shellcheck disable=SC2046 # names are words
    resolve $(dynamics_now | names_in)
    echo names
    sleep "$names_every"
  done &
  engine=unknown tries=0
  while :; do
    # Most have the file; to look for another one is dearer.
    if { [ -e /run/docker.pid ] || [ $((tries % 10)) = 0 ]; } && docker_runs; then
      engine=there since=$(date +%s)
      echo engine
      docker events --since "$since" --filter type=container --filter type=network --filter event=start \
        --filter event=die --filter event=rename --filter event=connect --filter event=disconnect \
        --format '{{.Action}}' 2>/dev/null
    fi
    [ "$engine" = gone ] || echo engine
    engine=gone tries=$((tries + 1))
    sleep 1
  done
}

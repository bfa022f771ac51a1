# The firewall's table, `inet sdn_fw`. It is loaded and changed by single transactions. What could cut the operator off
# is armed before: a timer on the host puts back what was there, unless a new connection says that it gets through.
# Stands before program.sh, whose functions it uses.
#
# Beside the record, in $state:
#   firewall.picture  checksums of the JSON that was loaded and of the table as the kernel showed it then; the bridges
#                     that it guards
#   firewall.held     what is closed until a program knows it, `BRIDGE ADDRESS|-` a line
#   firewall.armed    nonce, deadline, and whether there was a record (`kept` or `none`); then what was held
#   firewall.before   that record
#   firewall.hits     what the rules have counted, see there

firewall_told=
table_changed=
timed=

# ---- what is there ----------------------------------------------------------------------------------------------

table_exists() { nft list tables inet 2>/dev/null | grep -qx "table inet $1"; }
only_sum() { sha256sum | cut -d ' ' -f 1; }
recorded_json() { sed -n 's/^firewall_table //p' "$1" | tr -d '\n'; } # RECORD

# What runs fill by themselves is no part of it. Times are shown in the host's zone.
table_sum() {
  TZ=UTC nft -s list table inet sdn_fw 2>/dev/null |
    awk '/^\t(set|map) (held|dyn_)/ { skip = 1 } !skip { print } /^\t}/ { skip = 0 }' | only_sum
}

look_at_table() { # SUM-OF-JSON: sets table_is to missing, changed, or same where it is what that JSON made
  table_is=missing
  table_exists sdn_fw || return 0
  table_is=changed
  [ -e "$state/firewall.picture" ] || return 0
  read -r picture_json picture_table <"$state/firewall.picture" || return 0
  if [ "$picture_json" = "$1" ] && [ "$picture_table" = "$(table_sum)" ]; then table_is=same; fi
}

take_picture() { # SUM-OF-JSON. Without one the table counts as changed, and is loaded anew the next time.
  {
    {
      printf '%s %s\n' "$1" "$(table_sum)" &&
        nft list set inet sdn_fw guarded | tr '{,}' '\n' | sed -n 's/^[[:space:]]*"\([^"]*\)".*/\1/p'
    } >"$state/.firewall.picture.new" && mv "$state/.firewall.picture.new" "$state/firewall.picture"
  } 2>/dev/null && return 0
  rm -f "$state/.firewall.picture.new" "$state/firewall.picture"
}

# ---- loading ----------------------------------------------------------------------------------------------------

# transact MORE OPTION…: a transaction in JSON(base64) on standard input; sets nft_answer. What is no JSON nft takes for
# its own language, or for nothing at all, and succeeds: so it must have answered a question after it. What is more may
# be more than an argument can hold.
transact() {
  more_commands=$1
  shift
  nft_answer=$({
    base64 -d 2>/dev/null | sed '$s|]}[[:space:]]*$|,{"list":{"tables":null}}|'
    printf '%s]}\n' "$more_commands"
  } | nft "$@" -j -f /proc/self/fd/0 2>&1)
  transacted=$?
  case $nft_answer in
    *'{"nftables":'*) [ "$transacted" != 0 ] || return 0 ;;
    *) [ "$transacted" != 0 ] || nft_answer='it is no transaction in JSON' ;;
  esac
  nft_answer=$(printf '%s\n' "$nft_answer" | grep -v '^{"nftables":')
  nft_answer=$(printf '%.1000s' "$nft_answer")
  return 1
}
load_table() { # the same, of a whole table
  save_hits look
  transact "$(held_now | held_commands)$("$@" | whole_elements sdn_fw)" && { save_hits whole || :; }
}
delete_table_of() { ! table_exists "$1" || nft_answer=$(nft delete table inet "$1" 2>&1); } # TABLE

# Makes the table what a record says, or takes it away where there is no record. What cannot be known is closed.
reload_table() { # RECORD
  if [ ! -e "$1" ]; then
    set_dynamics -
    delete_table_of sdn_fw && rm -f "$state/firewall.picture" "$state/firewall.hits" || return 1
  elif [ "$(sed 5d "$1" | sha256sum)" = "$(sed -n 5p "$1")  -" ]; then
    reload_sum=$(recorded_json "$1" | only_sum)
    look_at_table "$reload_sum"
    reload_dynamics=$(recorded_dynamics "$1")
    set_dynamics "$reload_dynamics"
    if [ "$table_is" = same ]; then
      fill_once
    else
      # Not at the end of a pipe: what it sets is read here. What cannot be filled in must not keep it from coming back.
      load_table decode "$reload_dynamics" <<JSON || load_table true <<JSON || return 1
$(recorded_json "$1")
JSON
$(recorded_json "$1")
JSON
      take_picture "$reload_sum"
    fi
  else
    set_dynamics -
    close_guarded || return 1
  fi
  delete_table_of sdn_fw_next
}

# Where the record is damaged: the bridges that were guarded last, else all of ours.
close_guarded() {
  closed=$(sed 1d "$state/firewall.picture" 2>/dev/null)
  if [ -z "$closed" ]; then
    set +f
    closed=$(for one in "$state"/resources/segment-*; do echo "sdn-b-${one##*/segment-}"; done)
    set -f
  fi
  closed=$(printf '%s\n' "$closed" | sed -n 's/^[A-Za-z0-9_.-]*$/"&"/p' | tr '\n' ',')
  op_firewall_settings >/dev/null 2>&1
  nft_answer=$(nft -f /proc/self/fd/0 2>&1 <<CLOSED
add table inet sdn_fw
delete table inet sdn_fw
table inet sdn_fw {
  set closed { type ifname; ${closed:+elements = { ${closed%,} }}; }
  set held_bridges { type ifname; }
  set held4 { type ifname . ipv4_addr; }
  set held6 { type ifname . ipv6_addr; }
  chain input { type filter hook input priority -5; iifname @closed counter drop; }
  chain forward { type filter hook forward priority -5; iifname @closed counter drop; oifname @closed counter drop; }
  chain output { type filter hook output priority -5; oifname @closed counter drop; }
}
CLOSED
  )
}
damage_of() { # RESOURCE: sets damage to what is said of its record
  damage='the saved record is damaged (wrong checksum)'
  [ "$1" = firewall ] || return 0
  table_exists sdn_fw || close_guarded
  if nft list set inet sdn_fw closed >/dev/null 2>&1; then
    damage="$damage, and nothing passes the bridges that it guarded"
  fi
}

# Bridged packets are shown to the table, and a flow that conntrack forgot does not begin in its middle.
op_firewall_settings() {
  [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || try modprobe br_netfilter || return 1
  [ -e /proc/sys/net/netfilter/nf_conntrack_tcp_loose ] || try modprobe nf_conntrack || return 1
  op_sysctl - net.bridge.bridge-nf-call-iptables 1 net.bridge.bridge-nf-call-ip6tables 1 \
    net.netfilter.nf_conntrack_tcp_loose 0
}

op_firewall_check() { # NAME JSON(base64): whether nft would take it; NAME is the asker's
  if transact '' -c <<JSON; then say "firewall-checked $1 ok"; else say "firewall-checked $1 refused $(encode "$nft_answer")"; fi
$2
JSON
}

# A second table; while there are two, only what both allow passes.
op_firewall_next() { # JSON(base64) [WHAT-IS-FILLED-IN(base64)]
  table_exists sdn_fw_next || undo firewall-next
  transact "$(decode "${2:--}" | whole_elements sdn_fw_next)" <<JSON || fail remote-failure "nft refuses the firewall: $nft_answer"
$1
JSON
}

op_firewall_change() { # JSON(base64): from the recorded table to the one that follows, in one transaction
  table_changed=
  [ -e "$state/resources/firewall" ] || return 0
  look_at_table "$(recorded_json "$state/resources/firewall" | only_sum)"
  [ "$table_is" = same ] || return 0
  undo firewall-table
  save_hits look
  # A change empties the sets of what is held: what is still unknown is put back in the same transaction.
  transact "$(held_now | held_commands)$(dynamics_now | whole_elements sdn_fw)" <<JSON || { warn "nft refuses the change of the firewall, so its table is loaded anew: $nft_answer"; return 0; }
$1
JSON
  save_hits change
  table_changed=yes
}

op_firewall_table() { # JSON(base64): the whole table, in one transaction
  wanted_sum=$(printf '%s' "$1" | only_sum)
  [ -n "$table_changed" ] || look_at_table "$wanted_sum"
  if [ -z "$table_changed" ] && [ "$table_is" != same ]; then
    undo firewall-table
    load_table dynamics_now <<JSON || { fail remote-failure "nft refuses the firewall: $nft_answer"; return 1; }
$1
JSON
    table_changed=yes
  elif [ -z "$table_changed" ]; then
    fill_once
  fi
  [ -z "$table_changed" ] || take_picture "$wanted_sum"
  table_changed=
  delete_table_of sdn_fw_next || fail remote-failure "table inet sdn_fw_next stays: $nft_answer"
}

op_remove_firewall() {
  undo firewall-table
  for one in sdn_fw sdn_fw_next; do
    delete_table_of "$one" || { fail remote-failure "table inet $one stays: $nft_answer"; return 1; }
  done
  undo firewall-held "$(encode "$(held_now)")"
  rm -f "$state/firewall.picture" "$state/firewall.held" "$state/firewall.hits"
  set_dynamics -
}
forget_firewall() { # with the last resource
  for one in sdn_fw sdn_fw_next; do nft delete table inet "$one" 2>/dev/null; done
  rm -f "$state/firewall.picture" "$state/firewall.held" "$state/firewall.before" "$state/firewall.hits"
  set_dynamics -
}

# ---- what is closed until a program knows it --------------------------------------------------------------------

held_now() { cat "$state/firewall.held" 2>/dev/null; }
held_commands() { # lines of firewall.held on standard input → more commands of a transaction
  while read -r held_bridge held_address; do
    case $held_address in
      '') continue ;;
      -) held_set=held_bridges held_element=\"$held_bridge\" ;;
      *:*) held_set=held6 held_element="{\"concat\":[\"$held_bridge\",\"$held_address\"]}" ;;
      *) held_set=held4 held_element="{\"concat\":[\"$held_bridge\",\"$held_address\"]}" ;;
    esac
    printf ',{"add":{"element":{"family":"inet","table":"sdn_fw","name":"%s","elem":[%s]}}}' "$held_set" "$held_element"
  done
}
show_held() { # TEXT: the sets are as it says
  {
    held_separator='{"nftables":['
    for one in held_bridges held4 held6; do
      printf '%s{"flush":{"set":{"family":"inet","table":"sdn_fw","name":"%s"}}}' "$held_separator" "$one"
      held_separator=,
    done
    printf '%s\n' "$1" | held_commands
    printf ']}\n'
  } | nft -j -f /proc/self/fd/0 2>&1
}
write_held() { # TEXT
  if [ -z "$1" ]; then
    rm -f "$state/firewall.held"
    return
  fi
  { printf '%s\n' "$1" >"$state/.firewall.held.new" && mv "$state/.firewall.held.new" "$state/firewall.held"; } \
    2>/dev/null && return 0
  rm -f "$state/.firewall.held.new"
  return 1
}
held_lines() { # BRIDGE [ADDRESS,…]
  printf '%s\n' "${2:--}" | tr ',' '\n' | sed "s/^/$1 /"
}

# What is new or changed passes nothing before the firewall knows it. Written first: a table that is loaded in between
# has it as well.
op_firewall_hold() { # BRIDGE [ADDRESS,…]
  [ -z "$mode" ] && [ -e "$state/resources/firewall" ] || return 0
  [ "$generation" = 0 ] || [ "$present_hash" != "$hash" ] || return 0
  held_before=$(held_now)
  undo firewall-held "$(encode "$held_before")"
  held_after=$({ [ -z "$held_before" ] || printf '%s\n' "$held_before"; held_lines "$@"; } | sort -u)
  write_held "$held_after" || { fail remote-failure "$state/firewall.held cannot be written (disk full?)"; return 1; }
  table_exists sdn_fw || reload_table "$state/resources/firewall"
  held_answer=$(show_held "$held_after") || fail remote-failure "the firewall cannot be told to wait for this: $held_answer"
}
op_firewall_settle() { # BRIDGE [ADDRESS,…]: the table that is loaded now knows it
  held_before=$(held_now)
  [ -n "$held_before" ] || return 0
  held_after=$({ held_lines "$@"; echo; printf '%s\n' "$held_before"; } |
    awk '$0 == "" { known = 1; next } !known { settled[$0] = 1; next } !($0 in settled)')
  [ "$held_after" != "$held_before" ] || return 0
  undo firewall-held "$(encode "$held_before")"
  held_answer=$(show_held "$held_after") || { fail remote-failure "nft: $held_answer"; return 1; }
  write_held "$held_after" || fail remote-failure "$state/firewall.held cannot be written (disk full?)"
}
hold_again() { # TEXT(base64)|nothing
  held_text=$(printf '%s' "${1:-}" | base64 -d)
  write_held "$held_text"
  show_held "$held_text"
}

# ---- what the rules have counted --------------------------------------------------------------------------------
# A line for each comment of what counts (`POLICY/RULE`, `POLICY/RULE watch`, `held`, …):
#   PACKETS BYTES  when it was looked at last, over all elements and rules with that comment
#   PACKETS BYTES  in all, over loads of the table and starts of the host
#   FIRST LAST|-   seconds since 1970: of the first look, and of the last one that found more
#   COMMENT
# Who looks: the timer that mends, who asks, and every load of the table, just before and after it.

count_hits() { # look|change|whole: the lines of now; after a change or a load of the whole table, of what is left
  nft list table inet sdn_fw 2>/dev/null | awk -v mode="$1" -v now="$(date +%s)" -v saved="$state/firewall.hits" '
    BEGIN {
      while ((getline line <saved) > 0) {
        if (line !~ /^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ ([0-9]+|-) [^ ]/) continue
        name = line
        for (i = 1; i <= 6; i++) sub(/^[^ ]+ /, "", name)
        known[name] = line
      }
    }
    {
      parts = split($0, part, "counter packets ")
      for (i = 2; i <= parts; i++) {
        if (!match(part[i], /comment "[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+( watch)?)?"/)) continue
        name = substr(part[i], RSTART + 9, RLENGTH - 10)
        split(part[i], word, " ")
        packets[name] += word[1]; bytes[name] += word[3]
      }
    }
    END {
      for (name in packets) {
        if (!(name in known)) known[name] = "0 0 0 0 " now " -"
        split(known[name], was, " ")
        # Less than before: with a change elements went, else everything counts anew.
        from = mode == "whole" || packets[name] < was[1] ? (mode == "change" ? packets[name] : 0) : was[1]
        from_bytes = from == was[1] ? was[2] : from ? bytes[name] : 0
        if (packets[name] > from) was[6] = now
        printf "%.0f %.0f %.0f %.0f %s %s %s\n", packets[name], bytes[name], was[3] + packets[name] - from,
          was[4] + bytes[name] - from_bytes, was[5], was[6], name
      }
      if (mode == "look") for (name in known) if (!(name in packets)) print known[name]
    }' | sort -k 7
}
save_hits() { # look|change|whole
  hits_now=$(count_hits "$1")
  [ "$hits_now" != "$(cat "$state/firewall.hits" 2>/dev/null)" ] || return 0
  if [ -z "$hits_now" ]; then rm -f "$state/firewall.hits"; return; fi
  { printf '%s\n' "$hits_now" >"$state/.firewall.hits.new" && mv "$state/.firewall.hits.new" "$state/firewall.hits"; } \
    2>/dev/null && return 0
  rm -f "$state/.firewall.hits.new"
  return 1
}

# ---- armed: a change that has to be proved ----------------------------------------------------------------------

# Of a file that was spoiled the deadline is over.
read_armed() { # sets armed_nonce, armed_until and armed_kept
  armed_nonce='' armed_until=0 armed_kept=''
  [ -e "$state/firewall.armed" ] || return 1
  read -r armed_nonce armed_until armed_kept <"$state/firewall.armed"
  case $armed_until in '' | *[!0-9]*) armed_until=0 ;; esac
  case $armed_kept in kept | none) ;; *) armed_kept=kept ;; esac
}

op_firewall_arm() { # NONCE SECONDS: with the same nonce again, the deadline is a later one
  case $2 in '' | *[!0-9]*) fail remote-failure "$2 is no number of seconds"; return 1 ;; esac
  command -v setsid >/dev/null 2>&1 || { fail remote-failure 'the command setsid is missing'; return 1; }
  if read_armed && [ "$armed_nonce" != "$1" ]; then
    fail conflict "another change of the firewall waits for its proof until $(date -u -d "@$armed_until" +%H:%M:%SZ)"
    return 1
  fi
  # What a program settles is held again when that program goes.
  armed_held=$(sed 1d "$state/firewall.armed" 2>/dev/null)
  if [ -z "$armed_nonce" ]; then
    armed_held=$(held_now)
    undo firewall-disarm
    keep_before || { fail remote-failure "$state/firewall.before cannot be written (disk full?)"; return 1; }
  fi
  armed_until=$(($(date +%s) + $2))
  write_armed "$1 $armed_until $armed_kept${armed_held:+$newline$armed_held}" || {
    fail remote-failure "$state/firewall.armed cannot be written (disk full?)"
    return 1
  }
  # A process of its own: it outlives this run and the session, and holds neither the lock nor an end of a pipe.
  setsid /bin/sh -c "$(own_text)" sdn firewall-timer "$scope" "$1" "$armed_until" "$2" \
    </dev/null >/dev/null 2>&1 3<&- 4<&- 9<&- &
}
keep_before() {
  armed_kept=none
  rm -f "$state/firewall.before"
  [ -e "$state/resources/firewall" ] || return 0
  armed_kept=kept
  { cp "$state/resources/firewall" "$state/.firewall.before.new" &&
    mv "$state/.firewall.before.new" "$state/firewall.before"; } 2>/dev/null && return 0
  rm -f "$state/.firewall.before.new"
  return 1
}
write_armed() { # TEXT. On the disk before anything is changed: the power may fail.
  { printf '%s\n' "$1" >"$state/.firewall.armed.new" && mv "$state/.firewall.armed.new" "$state/firewall.armed"; } \
    2>/dev/null || { rm -f "$state/.firewall.armed.new"; return 1; }
  set +f
  sync "$state"/firewall.* "$state" 2>/dev/null
  set -f
}
disarm() {
  rm -f "$state/firewall.armed" "$state/firewall.before"
  sync "$state" 2>/dev/null
}

run_timer() { # SCOPE NONCE DEADLINE SECONDS
  perform scope "$1"
  cd /
  timed="$2 $3"
  seconds_left=$4
  while [ "$seconds_left" -gt 0 ]; do
    sleep 1
    # Disarmed, rolled back, or armed again with a timer of its own.
    read_armed && [ "$armed_nonce $armed_until" = "$timed" ] || return 0
    seconds_left=$((seconds_left - 1))
  done
  # A host that is a namespace may be gone.
  [ "$scope" = - ] || [ -e "/run/netns/$scope" ] || return 0
  lock_wait=3600
  prepare
}

roll_back_overdue() { # at the beginning of every run, under the lock
  read_armed || { rm -f "$state/firewall.before"; return 0; }
  [ "$timed" = "$armed_nonce $armed_until" ] || [ "$(date +%s)" -ge "$armed_until" ] || return 0
  roll_back 'no new connection proved the change in time'
}
roll_back_unproved() { # at a start of the host
  ! read_armed || roll_back 'the host was started before the change was proved'
}

# To what was there before. Begun again, it ends the same; the record goes last, and then what says that it has to.
roll_back() { # REASON|-
  back=$state/firewall.before
  [ -e "$back" ] || back=$state/resources/firewall
  [ "$armed_kept" = kept ] || back=$state/firewall.none
  held_before=$({ sed 1d "$state/firewall.armed"; held_now; } | sort -u)
  write_held "$held_before"
  if ! reload_table "$back"; then
    note failed firewall "the firewall of before could not be put back: $nft_answer"
    return 1
  fi
  [ -z "$held_before" ] || show_held "$held_before" >/dev/null
  written=
  case $back in
    */firewall.before) mv "$back" "$state/resources/firewall" || return 1 ;;
    */firewall.none) rm -f "$state/resources/firewall" ;;
  esac
  if [ "$1" != - ]; then
    rolled_back=$1
    if nft list set inet sdn_fw closed >/dev/null 2>&1; then
      rolled_back="$1; its record is damaged, so nothing passes the bridges that it guarded"
    fi
    note rolled-back firewall "$rolled_back"
  fi
  disarm
}

op_firewall_disarm() { # NONCE
  [ -n "$locked" ] || prepare_again
  if ! read_armed || [ "$armed_nonce" != "$1" ]; then
    say "firewall-disarmed $1 no"
    return 0
  fi
  disarm
  say "firewall-disarmed $1 yes"
  # What was armed may have been the removal of the last resource.
  perform restore
}
op_firewall_rollback() { # NONCE
  [ -n "$locked" ] || prepare_again
  if read_armed && [ "$armed_nonce" = "$1" ] && roll_back -; then
    say "firewall-rolled-back $1 yes"
  else
    say "firewall-rolled-back $1 no"
  fi
}
prepare_again() { set +f; prepare; set -f; }

# ---- the report -------------------------------------------------------------------------------------------------

say_firewall_record() { # INTENT: its document is megabytes, which only some want
  case $record_state in
    none) ;;
    damaged) say 'damaged firewall' ;;
    *) say "ledger firewall $record_generation $record_hash $record_mark $1 $record_state" ;;
  esac
}
say_held() { held_now | sed 's/^/firewall-held /'; }
op_query_firewall() {
  check_record firewall
  firewall_file=$state/resources/firewall
  if [ "$record_state" = whole ]; then
    say_firewall_record "$(sed -n 4p "$firewall_file")"
    look_at_table "$(recorded_json "$firewall_file" | only_sum)"
  else
    say_firewall_record -
    look_at_table -
    if [ "$record_state$table_is" = nonemissing ]; then table_is=none; fi
  fi
  firewall_told=yes
  say "firewall-table $table_is"
  say "firewall-follow $(follow_state)"
  can_follow || look_once
  if table_exists sdn_fw_next; then say firewall-next; fi
  if read_armed; then say "firewall-armed $armed_nonce $armed_until"; fi
  say_held
  # shellcheck disable=SC2086 # four words by sshd's definition
  set -- ${SDN_SSH_CONNECTION:-}
  [ $# != 4 ] || say "firewall-session $*"
  section flows - zoned_flows
}
all_flows() {
  if [ -r /proc/net/nf_conntrack ]; then
    cat /proc/net/nf_conntrack
  elif command -v conntrack >/dev/null 2>&1; then
    conntrack -L -f ipv4 -o extended
    conntrack -L -f ipv6 -o extended
  fi
}
zoned_flows() { all_flows | grep ' zone\(-orig\)\{0,1\}='; }
own_flows() { all_flows | grep -v ' zone\(-orig\)\{0,1\}='; }
op_query_own_flows() { section own-flows - own_flows; } # those of the host itself, and what it passes on
op_query_firewall_hits() { # with the document, which says what rules there are
  if [ -z "$firewall_told" ]; then
    check_record firewall
    if [ "$record_state" = whole ]; then say_firewall_record "$(sed -n 4p "$state/resources/firewall")"; else say_firewall_record -; fi
    firewall_told=yes
  fi
  section firewall-hits - hits_told
}
hits_told() {
  [ -e "$state/resources/firewall" ] || return 0
  if keep_hits; then cat "$state/firewall.hits"; else count_hits look; fi
}
keep_hits() { # not beside another run, which looks by itself
  if [ -n "$locked" ]; then save_hits look; return; fi
  find_lock
  ( exec 9<"$lock" && flock -n 9 && save_hits look )
}
op_query_firewall_table() { section firewall-table - nft -j list table inet sdn_fw; }

op_query_foreign() { # what others filter, without anything of it loaded by asking
  section foreign - foreign_tables
  for family in ip ip6; do
    if grep -q . "/proc/net/${family}_tables_names" 2>/dev/null && command -v "${family}tables-legacy-save" >/dev/null 2>&1; then
      section foreign-legacy "$family" "${family}tables-legacy-save"
    fi
  done
}
foreign_tables() {
  nft list tables | while read -r _ family name; do
    case $name in sdn*) continue ;; esac
    nft -s -y list table "$family" "$name"
  done
}

firewall_picture() { # for the picture of the host, see there
  [ -e "$state/resources/firewall" ] || return 0
  for knob in /proc/sys/net/bridge/bridge-nf-call-ip*tables /proc/sys/net/netfilter/nf_conntrack_tcp_loose; do
    [ -e "$knob" ] && read -r value <"$knob" && echo "=setting ${knob#/proc/sys/} $value"
  done
  if table_exists sdn_fw; then echo "=table sdn_fw $(table_sum)"; fi
  if table_exists sdn_fw_next; then echo '=table sdn_fw_next'; fi
  one=$(follow_state)
  [ "$one" = none ] || echo "=setting sdn-follow.service $one"
}

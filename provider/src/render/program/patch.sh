# A record of the firewall made from the one that is there: of 10,000 rules one is changed, so what is new of document and
# table travels, and the rest is taken from the record. Stands before program.sh, whose functions it uses.

patch_sum=
patch_base=

# EDITS, what they begin from in FILE → text: FIRST:COUNT octets of it, or base64 with "l:" before it.
edited() { # FILE EDITS; called in a subshell of its own
  IFS=,
  for edit in $2; do
    case $edit in
      l:*) printf '%s' "${edit#l:}" | base64 -d || return 1 ;;
      *) tail -c "+$((${edit%:*} + 1))" "$1" 2>/dev/null | head -c "${edit#*:}" || return 1 ;;
    esac
  done
}
# What does not come out as it should is asked for whole.
op_firewall_patch() { # HASH SUM NEW-SUM EDITS EDITS: what is recorded, the sum of the new table's word, edits of both
  patch_base=$2 patch_sum=$3
  if [ "$record_state $present_hash" = "whole $1" ] && {
    sed -n 4p "$state/resources/firewall" | base64 -d >"$found.old" &&
      (edited "$found.old" "$4") >"$found.document" && [ "$(only_sum <"$found.document")" = "$hash" ] &&
      recorded_json "$state/resources/firewall" | base64 -d >"$found.old" &&
      (edited "$found.old" "$5") | base64 -w 0 >"$found.word" && [ "$(only_sum <"$found.word")" = "$3" ]
  } 2>/dev/null; then return 0; fi
  say 'firewall-unpatched'
  fail stale 'the record of the firewall is not the one that was to be changed'
}
record_of_patch() { # as record_text
  { printf '%s\n' "$generation" "$hash" "$mark" && base64 -w 0 "$found.document" && echo; } >"$found.head" &&
    {
      printf '%sfirewall_table ' "${words%%firewall_table =*}" && cat "$found.word" && echo &&
        printf '%s' "${words#*firewall_table ="$newline"}"
    } >"$found.words" &&
    cat "$found.head" && cat "$found.head" "$found.words" | only_sum && cat "$found.words"
}
forget_patch() {
  [ -z "$patch_sum" ] || rm -f "$found.old" "$found.document" "$found.word" "$found.head" "$found.words"
  patch_sum='' patch_base=''
}

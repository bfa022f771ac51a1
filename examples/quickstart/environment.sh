# shellcheck shell=bash disable=SC2034
# What the demo's scripts share. The demo has a Pulumi home and state of its own: nothing of yours is touched.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
eval "$("$root/tools/env")"
# Another name makes a demo beside this one; tests do that.
stack_name=${SDN_DEMO_NAME:-demo}
lab_name=${SDN_DEMO_NAME:-sdn}
demo_state=${XDG_STATE_HOME:-$HOME/.local/state}/sdn-demo
mkdir -p "$demo_state/state"
export LC_ALL=C.UTF-8 # the picture counts characters, not bytes
export PULUMI_HOME=$demo_state/home PULUMI_BACKEND_URL=file://$demo_state/state
export PULUMI_CONFIG_PASSPHRASE=demo PULUMI_SKIP_UPDATE_CHECK=true

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
# Shows a command as it would be typed, and runs it.
show() {
  printf '\033[2m$ %s\033[0m\n' "$*"
  "$@"
}
# A Pulumi command, shown as one would type it in this folder.
show_stack() {
  printf '\033[2m$ pulumi %s\033[0m\n' "$*"
  stack "$@" --non-interactive
}
stack() { pulumi --cwd "$here" --stack "$stack_name" "$@"; }
on() { "$root/lab/lab" exec --name "$lab_name" "$@"; }
# containers: NAME HOST NETWORK IPV4 IPV6, one a line
containers() { stack stack output containers --json | jq -r '.[] | [.name, .host, .network, .ipv4, .ipv6] | join(" ")'; }

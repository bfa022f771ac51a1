# shellcheck shell=bash
# Places and versions that the tools share. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PULUMI_MODULE=$ROOT/tools/pulumi
PULUMI_VERSION=$(sed -nE 's#^[[:space:]]*(require )?github.com/pulumi/pulumi/pkg/v3 v([^ ]+).*#\2#p' "$PULUMI_MODULE/go.mod")
# Outside the checkout, by version: another clean checkout on the same machine does not build again.
PULUMI_BIN=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/pulumi-$PULUMI_VERSION/bin
NODE_BIN=$ROOT/node_modules/node/bin
readonly ROOT PULUMI_MODULE PULUMI_VERSION PULUMI_BIN NODE_BIN
# The oldest Pulumi CLI that is taken from PATH.
readonly PULUMI_OLDEST=3.200.0

# installed_pulumi: whether PATH has a CLI that is new enough, with the language host for YAML.
installed_pulumi() {
  local found
  command -v pulumi-language-yaml >/dev/null && found=$(pulumi version 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$PULUMI_OLDEST" "${found#v}" | sort -V | head -n 1) == "$PULUMI_OLDEST" ]]
}

# shellcheck shell=bash
# Places and versions that the tools share. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PULUMI_MODULE=$ROOT/tools/pulumi
PULUMI_VERSION=$(sed -nE 's#^[[:space:]]*(require )?github.com/pulumi/pulumi/pkg/v3 v([^ ]+).*#\2#p' "$PULUMI_MODULE/go.mod")
# Outside the checkout, by version: another clean checkout on the same machine does not build again.
PULUMI_BIN=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/pulumi-$PULUMI_VERSION/bin
NODE_BIN=$ROOT/node_modules/node/bin
KUBERNETES_VERSION=$(sed -nE 's#^[[:space:]]*(require )?k8s.io/kubernetes v([^ ]+).*#\2#p' "$ROOT/tools/kubernetes/go.mod")
KUBERNETES_BIN=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/kubernetes-$KUBERNETES_VERSION/bin
CNI_VERSION=$(sed -nE 's#^[[:space:]]*github.com/containernetworking/plugins v([^ ]+).*#\1#p' "$ROOT/tools/cni/go.mod")
CNI_BIN=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/cni-$CNI_VERSION/bin
POLICY_ENGINE_VERSION=$(sed -nE 's#^[[:space:]]*sigs.k8s.io/kube-network-policies v([^ ]+).*#\1#p' \
  "$ROOT/tools/policy-engine/go.mod")
POLICY_ENGINE_BIN=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/policy-engine-$POLICY_ENGINE_VERSION/bin
KUBERNETES_DEFINITIONS=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/kubernetes-definitions
# Python with what checks and packs the Python SDK, by the versions that it is made of.
PYTHON_REQUIREMENTS=$ROOT/tools/sdk/python/requirements.txt
PYTHON_BIN=${XDG_CACHE_HOME:-$HOME/.cache}/sdn/tools/python-$(sha256sum <"$PYTHON_REQUIREMENTS" | cut -c1-16)/bin
readonly PYTHON_REQUIREMENTS PYTHON_BIN
readonly ROOT PULUMI_MODULE PULUMI_VERSION PULUMI_BIN NODE_BIN KUBERNETES_VERSION KUBERNETES_BIN KUBERNETES_DEFINITIONS CNI_BIN
readonly POLICY_ENGINE_BIN
# The oldest Pulumi CLI that is taken from PATH.
readonly PULUMI_OLDEST=3.200.0

# installed_pulumi: whether PATH has a CLI that is new enough, with the language host for YAML.
installed_pulumi() {
  local found
  command -v pulumi-language-yaml >/dev/null && found=$(pulumi version 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$PULUMI_OLDEST" "${found#v}" | sort -V | head -n 1) == "$PULUMI_OLDEST" ]]
}

# build_go MODULE BIN NAME PACKAGE LDFLAGS: into a temporary name first, so that a binary is there only when it is whole.
build_go() {
  [[ -x $2/$3 ]] && return
  command -v go >/dev/null || {
    printf 'setup: error: needs Go to build %s\n' "$3" >&2
    exit 1
  }
  printf 'setup: building %s (once, some minutes)\n' "$3"
  (cd "$1" && go build -trimpath -ldflags "$5" -o "$2/.$3.new" "$4")
  mv "$2/.$3.new" "$2/$3"
}

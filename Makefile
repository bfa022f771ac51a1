# What a person or CI runs. Everything that is missing is installed by `make setup`.
SHELL := /bin/bash
export PATH := $(shell tools/env --path)
export PULUMI_SKIP_UPDATE_CHECK := true
PROVIDER_SOURCES := $(shell find provider/src -name '*.ts' 2>/dev/null) schema.json package-lock.json

.DEFAULT_GOAL := help
.PHONY: help setup kubernetes check schema build test test-fast test-lab lab lab-down lab-shell demo demo-destroy bench clean

help: ## what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## installs what is missing: packages, Node 24, the Pulumi CLI, what checks the SDKs
	@tools/setup

kubernetes: setup ## what tests of clusters need besides: kube-apiserver, kubelet, CNI's plugins, a policy engine
	@tools/kubernetes/install

check: setup sdk/nodejs/bin/index.js ## types, lint, format, shell scripts, the SDKs, and whether schema.json and sdk/ are up to date
	tsc --noEmit
	eslint --cache --cache-location node_modules/.cache/eslint/ .
	prettier --check --log-level warn .
	shellcheck --external-sources --source-path=SCRIPTDIR lab/lab lab/lib/* tools/setup tools/env tools/test tools/sdk/{build,check,compile,generate,types} tools/kubernetes/install tools/bench/peers .ci/run examples/quickstart/*.sh
	cat provider/src/render/program/{persistence,firewall,patch,follow,services,balancers,dns,program}.sh | shellcheck --shell=sh --exclude=SC1010 -
	npm run --silent schema -- --check
	tools/sdk/check
	tools/sdk/types

schema: setup ## writes schema.json from provider/src/schema, and from it the SDKs of all languages: sdk/
	npm run --silent schema
	tools/sdk/generate

build: setup bin/pulumi-resource-sdn sdk/nodejs/bin/index.js ## the provider as one bundle: bin/pulumi-resource-sdn; the Node SDK

bin/pulumi-resource-sdn: $(wildcard $(PROVIDER_SOURCES)) tools/build.js tools/launcher.sh
	node tools/build.js

sdk/nodejs/bin/index.js: $(shell find sdk/nodejs -name '*.ts' -not -path '*/bin/*' -not -path '*/node_modules/*') sdk/nodejs/package.json
	tools/sdk/compile

test: build kubernetes ## all tests, the lab's included; ends with the total
	@tools/test

test-fast: setup sdk/nodejs/bin/index.js ## tests without root, in seconds
	@tools/test fast

test-lab: build kubernetes ## tests with real hosts; needs root
	@tools/test lab

lab: setup ## three hosts to try things with; see `lab/lab help`
	lab/lab up
	@lab/lab status

lab-down: ## removes every lab
	lab/lab down --all

lab-shell: ## a root shell in a host: make lab-shell HOST=h1
	@lab/lab shell $(or $(HOST),h1)

demo: build ## the quickstart example, start to end, in a lab of its own
	@examples/quickstart/demo.sh

demo-destroy: ## takes away what the demo made
	@examples/quickstart/destroy.sh

bench: build ## measures everything in docs/benchmarks.md and writes it there; about 20 minutes, needs root
	npm run --silent bench

clean: ## removes what was built
	rm -rf bin sdk/nodejs/bin dist coverage .jest-cache node_modules/.cache

# The verbs of the project. Everything installs what it needs; a second call is quick.
#   make build | test | docs-test | demo | golden | lint | fmt | bench | bench-functions | bench-peers | fuzz | sanitize | e2e-cluster | helm4-plugin | kustomize-plugin | image | tools | clean
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build dev tools schemas test unit blackbox asan tsan sanitize demo golden lint fmt bench bench-functions bench-peers fuzz e2e-cluster helm4-plugin kustomize-plugin image packages clean

PYTEST := /usr/bin/python3 -B -m pytest -c tests/pytest.ini
MUTANTS ?= 1000000
SEED ?= 1
SEEDS := $(wildcard tests/fuzz/seeds/*)
GOYAML := out/bin/goyaml
KRM := out/bin/krm

packages:
	@tools/install-packages

# Static programs in out/bin.
build: packages
	@cmake --preset release >/dev/null
	@cmake --build --preset release
	@mkdir -p out/bin
	@for program in postrender/cloudlab-postrender krm-functions/cloudlab-krm; do \
	  cp out/build/release/$$program out/bin/.new && mv out/bin/.new out/bin/$${program#*/} || exit 1; done

# Everything with debug information: tests, fuzzers, benchmarks.
dev: packages
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev

tools: packages
	@tools/get

# schemas/<Kind>.json as the program prints them; tests compare.
schemas: build
	@mkdir -p schemas
	@for kind in Pipeline EnvironmentProfile ResourceTierPolicy SidecarPolicy AutoscalingPolicy NetworkAccessPolicy SecretReferencePolicy PolicyException; do \
	  out/bin/cloudlab-postrender --print-schema $$kind >schemas/$$kind.json; done

test: build dev tools $(GOYAML) unit blackbox fuzz-smoke

unit: dev
	ctest --preset dev -j2 --output-on-failure

blackbox: build truth-programs tools
	$(PYTEST) tests/schema tests/golden tests/laws tests/cli tests/docs tests/examples tests/conformance tests/truth tests/krm tests/container tests/gitops

# The documentation alone: its links, policies and codes, and every command of README.md and docs/*.md.
.PHONY: docs-test
docs-test: build tools
	$(PYTEST) tests/docs

# Programs of tests/truth, which the static programs do not have beside them.
.PHONY: truth-programs
truth-programs: packages
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target netpol_answers network_edges

.PHONY: fuzz-smoke
fuzz-smoke: dev $(GOYAML)
	@echo "200,000 mutants judged by libyaml and go-yaml:"
	@out/build/dev/tests/fuzz_outline --mutants 200000 --seed $(SEED) --judge $(GOYAML) $(SEEDS)

$(GOYAML): tests/oracle/goyaml/main.go tests/oracle/goyaml/go.mod
	@mkdir -p out/bin
	@cd tests/oracle/goyaml && CGO_ENABLED=0 $(CURDIR)/tools/run-go build -trimpath -o $(CURDIR)/$@ .

# Address and undefined-behaviour sanitizers over the unit tests, the fuzzers and the whole program.
asan: packages
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan
	ctest --preset asan -j2 --output-on-failure
	CLOUDLAB_POSTRENDER=$(CURDIR)/out/build/asan/postrender/cloudlab-postrender CLOUDLAB_KRM=$(CURDIR)/out/build/asan/krm-functions/cloudlab-krm $(PYTEST) tests/golden tests/laws

# The thread sanitizer over the whole program.
tsan: packages
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan
	CLOUDLAB_POSTRENDER=$(CURDIR)/out/build/tsan/postrender/cloudlab-postrender TSAN_OPTIONS=halt_on_error=1 $(PYTEST) tests/laws

sanitize: asan tsan

demo: build
	@tools/demo

golden: build
	@/usr/bin/python3 -B tests/golden/update.py
	@$(MAKE) --no-print-directory schemas

lint: packages
	@tools/lint

fmt:
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-16 -i

bench: build tools
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target bench_core
	@/usr/bin/python3 -B tests/bench/bench.py

bench-functions: build
	@tools/get kustomize
	@/usr/bin/python3 -B tests/bench/functions.py $${CLOUDLAB_TOOLS:-$$HOME/.cache/cloudlab/tools}/bin/kustomize

bench-peers: build $(KRM)
	@tools/get peers
	@/usr/bin/python3 -B tests/bench/peers.py

# The KRM function of the peer that runs one function per policy.
$(KRM): $(wildcard tests/bench/peers/krm/*)
	@mkdir -p out/bin
	@cd tests/bench/peers/krm && CGO_ENABLED=0 $(CURDIR)/tools/run-go build -p 2 -trimpath -o $(CURDIR)/$@ .

fuzz: dev $(GOYAML)
	@out/build/dev/tests/fuzz_outline --mutants $(MUTANTS) --seed $(SEED) --judge $(GOYAML) $(SEEDS)

helm4-plugin: build
	@tools/helm4-plugin

# A KUSTOMIZE_PLUGIN_HOME, for hosts without --enable-exec.
kustomize-plugin: build
	@tools/kustomize-plugin

# The container image cloudlab:dev; its build context stays in out/image.
image: build
	@tools/image

e2e-cluster: build
	@tools/e2e-cluster

clean:
	rm -rf out

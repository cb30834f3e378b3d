# The one door. `make help` lists what there is; a fresh Debian 12 needs the Swift toolchain and git, no more.

BUILD_PACKAGES := libsqlite3-dev libssl-dev libcurl4-openssl-dev libmicrohttpd-dev libarchive-dev libyaml-dev \
    libcrypt-dev zlib1g-dev pkg-config
TEST_PACKAGES := docker-registry skopeo nginx-light apache2-utils openssl curl python3 python3-venv strace
BENCH_PACKAGES := wrk

# Where `make run` listens; DATA names another data directory than the default one.
LISTEN ?= 127.0.0.1:5000
DATA ?=
# How long `make fuzz` runs each target.
FUZZ_SECONDS ?= 60
# Arguments of `make bench`, `make bench-charts`, `make bench-cache` and `make bench-sync`: cases and options of the benchmark.
BENCH ?=
# A folder of chart archives that the tests push and pull as a whole.
TEST_CHARTS ?= $(wildcard ../shared/data/rancher-charts/assets)
# A filter of tests: `make test TESTS=SkopeoTests`.
TESTS ?=

SOURCES := Package.swift Sources Tests benchmarks
CHARTROOM := .build/release/chartroom
FUZZERS := $(notdir $(wildcard Tests/Fuzz/Fuzz*))

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install the Debian libraries that the build needs.
	@packaging/install-packages $(BUILD_PACKAGES)

.PHONY: test-setup
test-setup: setup ## Install the clients and servers that the tests run.
	@packaging/install-packages $(TEST_PACKAGES)
	@packaging/install-clients .tools

.PHONY: build
build: setup ## Build the release binary: .build/release/chartroom.
	swift build -c release --static-swift-stdlib --product chartroom

.PHONY: run
run: build ## Serve on LISTEN=127.0.0.1:5000 with the fixture charts; Ctrl-C stops it.
	@packaging/run $(CHARTROOM) $(LISTEN) $(if $(DATA),--data $(DATA))

.PHONY: test
test: test-setup ## Run every test, or those of TESTS=FILTER.
	SWIFT_BACKTRACE=enable=no CHARTROOM_TEST_CHARTS='$(abspath $(TEST_CHARTS))' \
	    swift test --disable-xctest --no-parallel $(if $(TESTS),--filter '$(TESTS)')

.PHONY: check
check: test-setup ## What must pass before a merge: format, build, documents, tests.
	swift format lint --strict --recursive --parallel $(SOURCES)
	.ci/check-documents
	swift build --build-tests
	SWIFT_BACKTRACE=enable=no CHARTROOM_TEST_CHARTS='$(abspath $(TEST_CHARTS))' swift test --disable-xctest --no-parallel --skip-build

.PHONY: bench
bench: build ## Compare with docker-registry and nginx; BENCH='CASE… OPTION…'.
	@packaging/install-packages $(TEST_PACKAGES) $(BENCH_PACKAGES)
	swift build -c release --product registry-benchmark
	.build/release/registry-benchmark --chartroom $(CHARTROOM) $(BENCH)

.PHONY: bench-charts
bench-charts: build test-setup ## Measure charts and their indexes beside nginx; BENCH='CASE… OPTION…'.
	swift build -c release --product charts-benchmark
	.build/release/charts-benchmark --chartroom $(CHARTROOM) $(if $(TEST_CHARTS),--archives '$(abspath $(TEST_CHARTS))') $(BENCH)

.PHONY: bench-cache
bench-cache: build ## Measure the cache beside docker-registry's; BENCH='CASE… OPTION…'.
	@packaging/install-packages $(TEST_PACKAGES)
	swift build -c release --product cache-benchmark
	.build/release/cache-benchmark --chartroom $(CHARTROOM) $(BENCH)

.PHONY: bench-sync
bench-sync: build test-setup ## Measure mirroring beside skopeo and Helm; BENCH='CASE… OPTION…'.
	swift build -c release --product sync-benchmark
	.build/release/sync-benchmark --rounds 3 --chartroom $(CHARTROOM) $(BENCH)

.PHONY: fuzz
fuzz: setup $(addprefix fuzz-,$(FUZZERS)) ## Run each fuzz target for FUZZ_SECONDS=60.

# New inputs are kept below .build; one that crashes is written there too and belongs in a unit test.
.PHONY: $(addprefix fuzz-,$(FUZZERS))
$(addprefix fuzz-,$(FUZZERS)): fuzz-%:
	CHARTROOM_FUZZ=1 swift build --scratch-path .build/fuzz --sanitize=fuzzer --product $*
	@mkdir -p .build/fuzz/corpus/$* fixtures/fuzz/$*
	SWIFT_BACKTRACE=enable=no .build/fuzz/debug/$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -artifact_prefix=.build/fuzz/corpus/$*- -print_final_stats=1 .build/fuzz/corpus/$* fixtures/fuzz/$*

.PHONY: golden
golden: test-setup ## Write fixtures/golden again from what the real Helm pushes.
	HELM_SO=$(CURDIR)/.tools/helm/libhelm.so fixtures/make-golden

.PHONY: format
format: ## Format the code.
	swift format --in-place --recursive --parallel $(SOURCES)

.PHONY: clean
clean: ## Remove what was built; .tools stays.
	rm -rf .build

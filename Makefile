# `make run` and `make test` do all the set-up that they need and say so.
.DEFAULT_GOAL := help
SHELL := /bin/bash
LISTEN ?= 127.0.0.1:8080
DATA ?= portolan-data

.PHONY: help
help: ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

.PHONY: run
run: build ## Build, then serve a demo tenant on SQLite (LISTEN, DATA)
	PORTOLAN_OUTBOUND_ALLOW=127.0.0.0/8 target/release/portolan serve --demo --listen $(LISTEN) --data-dir $(DATA)

.PHONY: web
web: ## Build the portal, web/dist, which goes into the program
	infra/web build

.PHONY: build
build: web ## Build the optimised program, target/release/portolan
	cargo build --release --locked -p portolan --bin portolan

.PHONY: test
test: lint web ## Run every test; starts (and, if missing, installs) PostgreSQL, an AWS emulator and Chromium
	infra/web check
	infra/test/with-peers cargo test --locked --workspace --no-fail-fast
	infra/web e2e target/debug/portolan

.PHONY: lint
lint: ## Check the format and every lint, infra/ included
	cargo fmt --all --check
	infra/test/lint
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: bench
bench: build ## Print the table of docs/performance.md
	infra/test/with-peers --durable cargo run --release --locked -p portolan-bench
	PORTOLAN_TEST_KILLS=100 infra/test/with-peers --durable cargo test --locked -p portolan --test it -- a_killed_server

.PHONY: clean
clean: ## Remove what was built
	cargo clean
	rm -rf web/dist web/node_modules

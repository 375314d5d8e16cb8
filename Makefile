# Shopmesh's verbs. `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The tools live in modules of their own, outside go.work, so that what they
# depend on never moves what we ship.
BIN := bin/tools
BUILD_TOOL = GOWORK=off CGO_ENABLED=0 go build

# Pure Go builds of the tools are the quick ones: sqlc's C parser alone takes
# minutes to compile.

# The modules of go.work, as patterns.
MODULES = $(shell go list -m -f '{{.Dir}}/...' 2>/dev/null)

.PHONY: help
help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'

.PHONY: run
run: ## Run the whole shop in one process (ARGS="--demo")
	go run ./cmd/shopmesh up $(ARGS)

.PHONY: build
build: ## Build the shopmesh command into bin/
	go build -o bin/shopmesh ./cmd/shopmesh

.PHONY: test
test: ## Test every module of the workspace (ARGS="-run Name")
	go test -timeout 10m $(ARGS) $(MODULES)

$(BIN)/buf: tools/go.mod tools/go.sum
	cd tools && $(BUILD_TOOL) -o ../$@ github.com/bufbuild/buf/cmd/buf

$(BIN)/sqlc: tools/go.mod tools/go.sum
	cd tools && $(BUILD_TOOL) -o ../$@ github.com/sqlc-dev/sqlc/cmd/sqlc

$(BIN)/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && $(BUILD_TOOL) -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/.plugins: tools/plugins/go.mod tools/plugins/go.sum
	cd tools/plugins && $(BUILD_TOOL) -o ../../$(BIN)/ tool
	@touch $@

.proto-deps/.stamp: tools/plugins/go.mod tools/plugins/go.sum tools/plugins/protodeps/main.go
	cd tools/plugins && $(BUILD_TOOL) -o ../../$(BIN)/protodeps ./protodeps
	$(BIN)/protodeps .proto-deps
	@touch $@

tools/node_modules/.stamp: tools/package.json tools/package-lock.json
	cd tools && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: proto-deps
proto-deps: .proto-deps/.stamp ## Export the .proto files that ours import into .proto-deps/

.PHONY: generate
generate: $(BIN)/buf $(BIN)/sqlc $(BIN)/.plugins .proto-deps/.stamp tools/node_modules/.stamp ## Regenerate gen/ and the typed queries
	tools/generate.sh

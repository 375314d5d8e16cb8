# Shopmesh's verbs. `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Everything is compiled as .ko.yaml has it for the images, so that these find what the tests compiled. A command's own
# -tags take the place of these: it names them again.
TAGS = grpcnotrace
export CGO_ENABLED = 0
export GOFLAGS := $(shell go env GOFLAGS) -trimpath -tags=$(TAGS)

# The tools live in modules of their own, outside go.work, so that what they
# depend on never moves what we ship.
BIN := bin/tools
BUILD_TOOL = GOWORK=off go build

# Pure Go builds of the tools are the quick ones: sqlc's C parser alone takes
# minutes to compile.

# The modules of go.work, as patterns; gen holds nothing to lint.
# The end-to-end tests come first: they take longest.
MODULES = ./e2e/... $(filter-out %/e2e/...,$(shell go list -m -f '{{.Dir}}/...'))
# Tests that start many shops and databases keep them in memory.
IN_MEMORY = tools/in-memory.sh
LINTED = $(filter-out %/gen/...,$(shell go list -m -f '{{.Dir}}/...'))

.PHONY: help
help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'

.PHONY: run
run: office-here build ## Run the whole shop in one process (ARGS="--demo")
	bin/shopmesh up $(ARGS)

.PHONY: build
build: ## Build the shopmesh command into bin/
	go build -o bin/shopmesh ./cmd/shopmesh

# What the office is built of.
OFFICE_SOURCES = $(shell find web/office web/design web/messages gen/ts/src \( -name node_modules -o -name built -o -name building -o -name built-tests \) -prune -o -type f -print)

web/office/built/index.html: web/office/node_modules/.stamp $(OFFICE_SOURCES)
	cd web/office && npm run --silent build

.PHONY: office
office: web/office/built/index.html ## Build the back office, for the program to hold (needs Node with npm)

# The gallery of its components, which no program holds.
web/gallery/built/index.html: web/office/node_modules/.stamp $(OFFICE_SOURCES) $(wildcard web/gallery/*.*)
	cd web/office && npm run --silent gallery

# The shop sells without its office: what fails here is told, and stops nothing.
.PHONY: office-here
office-here:
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory office || echo "the office could not be built: /office/ says what to do" >&2

.PHONY: test
# Four test programs at once, on two cores too: they wait much, for brokers and deadlines.
# Without debug information linking takes half the time: there are sixty test programs.
test: ## Test every module of the workspace (ARGS="-run Name"), and our generators
	$(IN_MEMORY) go test -ldflags=-w -p 4 -timeout 30m $(ARGS) $(MODULES)
	cd tools/plugins && GOWORK=off go test ./openapi ./meshgen

$(BIN)/buf: tools/go.mod tools/go.sum
	cd tools && $(BUILD_TOOL) -o ../$@ github.com/bufbuild/buf/cmd/buf

$(BIN)/sqlc: tools/go.mod tools/go.sum
	cd tools && $(BUILD_TOOL) -o ../$@ github.com/sqlc-dev/sqlc/cmd/sqlc

$(BIN)/templ: tools/templ/go.mod tools/templ/go.sum
	cd tools/templ && $(BUILD_TOOL) -o ../../$@ github.com/a-h/templ/cmd/templ

$(BIN)/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && $(BUILD_TOOL) -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/.plugins: tools/plugins/go.mod tools/plugins/go.sum $(wildcard tools/plugins/openapi/*.go tools/plugins/meshgen/*.go tools/plugins/internal/*/*.go)
	cd tools/plugins && $(BUILD_TOOL) -o ../../$(BIN)/ tool
	cd tools/plugins && $(BUILD_TOOL) -o ../../$(BIN)/ ./openapi ./meshgen
	@touch $@

.proto-deps/.stamp: tools/plugins/go.mod tools/plugins/go.sum tools/plugins/protodeps/main.go
	cd tools/plugins && $(BUILD_TOOL) -o ../../$(BIN)/protodeps ./protodeps
	$(BIN)/protodeps .proto-deps
	@touch $@

# What npm installs, in whichever folder: exactly what its lock file names.
%/node_modules/.stamp: %/package.json %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: proto-deps
proto-deps: .proto-deps/.stamp ## Export the .proto files that ours import into .proto-deps/

.PHONY: generate
generate: $(BIN)/buf $(BIN)/sqlc $(BIN)/templ $(BIN)/.plugins .proto-deps/.stamp tools/node_modules/.stamp ## Regenerate gen/, the mesh's routes, the typed queries and the templates
	tools/generate.sh

.PHONY: lint
lint: lint-proto lint-go lint-web walls ## Lint contracts, code, and the scripts and styles of pages, and check the import walls

.PHONY: lint-proto
lint-proto: $(BIN)/buf .proto-deps/.stamp
	$(BIN)/buf lint proto
	$(BIN)/buf format --diff --exit-code proto

# The workspace's modules first, then the tools', which are no part of it.
.PHONY: lint-go
lint-go: $(BIN)/golangci-lint
	$(BIN)/golangci-lint run $(LINTED)
	cd tools && GOWORK=off ../$(BIN)/golangci-lint run ./...
	cd tools/plugins && GOWORK=off ../../$(BIN)/golangci-lint run ./...

.PHONY: lint-web
lint-web: tools/eslint/node_modules/.stamp
	node --test tools/eslint/rules.test.js
	tools/eslint/node_modules/.bin/eslint --config tools/eslint/eslint.config.js web e2e/web/browser e2e/ts tools/eslint

.PHONY: walls
walls: ## Check which package imports which (tools/walls/rules.go), and that each RPC has a file of its own
	cd tools && GOWORK=off go test ./walls && GOWORK=off go run ./walls ..

.PHONY: breaking
breaking: $(BIN)/buf .proto-deps/.stamp ## Compare the contracts with those of tools/breaking.base (BASE=commit)
	tools/breaking.sh

.PHONY: breaking-base
breaking-base: ## Accept the contracts of HEAD as those that later ones are compared with
	git rev-parse HEAD > tools/breaking.base

.PHONY: current
current: generate ## Regenerate, and fail when that changes a committed file
	tools/current.sh

# Other people import the modules without our workspace.
.PHONY: standalone
standalone:
	GOWORK=off go build ./...
	cd gen && GOWORK=off go build ./...

PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
.PHONY: cross
cross: ## Compile every command for other machines (PLATFORMS="linux/amd64 darwin/arm64")
	@# All are compiled, as images are; linked is the one that has every service in it, because linking takes longer.
	@for platform in $(PLATFORMS); do \
		echo "go build for $$platform"; \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		go list -export -f '{{if .Error}}{{.Error}}{{end}}' ./cmd/... ./services/... && go build -o /dev/null ./cmd/shopmesh || exit 1; \
	done

.PHONY: test-ts
test-ts: gen/ts/node_modules/.stamp e2e/ts/node_modules/.stamp office web/gallery/built/index.html ## Type-check the contracts for TypeScript and the pages' script, build and test the office, and order with the contracts from the shop
	gen/ts/node_modules/.bin/tsc -p web
	cd web/office && npm run --silent test
	cd gen/ts && npm run --silent build
	cd e2e/ts && npm run --silent build
	go test -tags $(TAGS),typescript -timeout 10m -run TestTypeScriptClient $(ARGS) ./e2e/...

# -v, so that what each check says is seen while it runs.
IN_CHROMIUM = $(IN_MEMORY) go test -tags $(TAGS),chromium -ldflags=-w -count=1 -timeout 60m -v -run TestPagesInChromium ./e2e/web

.PHONY: test-web
test-web: e2e/web/browser/node_modules/.stamp office web/gallery/built/index.html ## Check the shop's pages and its office in Chromium (ARGS='-chromium.only="keyboard"')
	cd e2e/web/browser && npm run --silent check
	$(IN_CHROMIUM) $(ARGS)

.PHONY: budgets
budgets: e2e/web/browser/node_modules/.stamp office ## Measure the shop's pages and its office on a slow phone, with 1,000 products and 10,000 orders (on a machine that does nothing else)
	$(IN_CHROMIUM) -chromium.project=budgets -chromium.products=1000 -chromium.orders=10000 $(ARGS)

.PHONY: screenshots
screenshots: e2e/web/browser/node_modules/.stamp office ## Take pictures of each page and screen in each state, and of paper, into e2e/web/browser/pictures/ (320, 412, 1280; light, dark, Arabic)
	$(IN_CHROMIUM) -chromium.project=screenshots $(ARGS)

.PHONY: gallery-here
gallery-here:
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory web/gallery/built/index.html || echo "the office's gallery could not be built: the shop's is served without it" >&2

.PHONY: gallery
gallery: gallery-here ## Serve each component of the shop's pages and of the office in each state: light, dark, from right to left, large (ARGS="-listen 127.0.0.1:8090")
	go run ./services/storefront/internal/gallery $(ARGS)

# Schemathesis, with all that it needs, in the versions that the file names.
bin/schemathesis/.stamp: e2e/rest/requirements.txt
	python3 -m venv bin/schemathesis
	bin/schemathesis/bin/pip install --quiet --disable-pip-version-check -r e2e/rest/requirements.txt
	@touch $@

.PHONY: test-rest
test-rest: bin/schemathesis/.stamp ## Try the REST API against its OpenAPI document with schemathesis (needs Python 3; ARGS=-rest.seed=N)
	go test -tags $(TAGS),rest -timeout 20m -run TestRESTKeepsItsDocument ./e2e $(ARGS)

bin/kafka/.stamp: e2e/kafka/pom.xml
	mvn -q -B -f e2e/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/bin/kafka -DincludeScope=runtime
	@touch $@

.PHONY: test-distributed
test-distributed: bin/kafka/.stamp ## Test the shop with each service in a process of its own, with Apache Kafka
	SHOPMESH_TEST_KAFKA_LIB=$(CURDIR)/bin/kafka go test -tags $(TAGS),distributed -timeout 20m -run TestDistributed $(ARGS) ./e2e/...

.PHONY: up-distributed
up-distributed: bin/kafka/.stamp ## Run each service as a process of its own, with PostgreSQL and Apache Kafka (ARGS="-demo -for 10m")
	SHOPMESH_TEST_KAFKA_LIB=$(CURDIR)/bin/kafka go run ./e2e/local $(ARGS)

.PHONY: chaos
chaos: bin/kafka/.stamp ## Sell while every part of the shop is killed, cut and paused (SEED=number MINUTES=20 SHAPE=one|many|both)
	SHOPMESH_TEST_KAFKA_LIB=$(CURDIR)/bin/kafka go run ./e2e/chaos $(if $(SEED),-seed $(SEED)) $(if $(MINUTES),-minutes $(MINUTES)) $(if $(SHAPE),-shape $(SHAPE))

# In the package's own folder, so that go test shows the report of a test that passed.
.PHONY: crashpoints
crashpoints: ## Stop the shop at every boundary of the order's way (ARGS=-crash.list, -crash.sample=20, -crash.at="STORY: POINT")
	cd e2e && ../$(IN_MEMORY) go test -tags $(TAGS),crashpoints -timeout 60m -parallel 6 -run TestCrashPoints $(ARGS)

.PHONY: test-faults
test-faults: ## Test the shop, the broker and the inbox on a full disk (needs the right to mount), and a broker that is away (OUTAGE=10m)
	go test -tags $(TAGS),faults -timeout 10m -run 'FullDisk' $(ARGS) ./kit/embedded/... ./e2e/...
	SHOPMESH_TEST_OUTAGE=$(or $(OUTAGE),10m) go test -timeout 0 -v -run TestTheBrokerIsAway $(ARGS) ./services/order

.PHONY: test-timing
test-timing: ## Measure whether sign-ins of known and unknown addresses take the same time (minutes, on a machine that does nothing else)
	go test -tags $(TAGS),timing -timeout 30m -v -run TestSignInsOfKnownAndUnknown $(ARGS) ./services/identity/internal/app

.PHONY: bounds
bounds: ## Send every RPC all of the worst requests that its contract has a place for, of which `make test` tries a quarter
	SHOPMESH_TEST_ALL_BOUNDS=1 $(IN_MEMORY) go test -timeout 20m -v -run TestNoRequestCostsMoreThanItMay $(ARGS) ./e2e/bounds

# The cluster is the one of KUBECONFIG, or that of SHOPMESH_CLUSTER: a command with the verbs
# up, in COMMAND and down, such as a script around kind.
IN_CLUSTER = $(if $(SHOPMESH_CLUSTER),$(SHOPMESH_CLUSTER) in)

.PHONY: cluster-named
cluster-named:
	@[ -n "$(SHOPMESH_CLUSTER)$(KUBECONFIG)" ] || { echo "no cluster is named: set KUBECONFIG, or SHOPMESH_CLUSTER to a command with the verbs up, in and down" >&2; exit 1; }

.PHONY: mesh-install
mesh-install: cluster-named ## Merge what the mesh needs into the configuration of the cluster's Istio
	cd tools && GOWORK=off go run ./meshinstall ../mesh/istio/mesh-config.yaml $(IN_CLUSTER) kubectl

.PHONY: mesh-up
mesh-up: mesh-install office ## Build the shop's images and deploy it as e2e/mesh tests it
	@# Beforehand: from the surroundings of a cluster no registry may be reached.
	go list -deps ./services/... ./cmd/... ./e2e/mesh/... >/dev/null
	cd deploy/components/metrics-server && go list -deps . >/dev/null
	cd tools && GOWORK=off go list -deps ./canary >/dev/null
	@# One after the other: where nothing is compiled yet, two would compile the same packages twice.
	$(IN_CLUSTER) skaffold run --profile test --build-concurrency=1

# The rows that CI runs, but for the edit of the kit. The others take longer, or need a machine that does nothing else.
MESH_ROWS = -run 'TestRow(01|02|03|04|05|06|07|08|09|10|12|18|19)' -skip TestRow19Skaffold/kit

# Before anything is changed: the tests break what runs there, and one of their pods may do everything on its node.
.PHONY: mesh-disposable
mesh-disposable: cluster-named
	@label=$$($(IN_CLUSTER) kubectl get namespace kube-system -o 'jsonpath={.metadata.labels.shopmesh\.dev/disposable}') || exit 1; \
	[ "$$label" = true ] || { echo "the tests break what runs in the cluster, and this one is not labelled for that: kubectl label namespace kube-system shopmesh.dev/disposable=true" >&2; exit 1; }

.PHONY: mesh-test
mesh-test: mesh-disposable ## Test the shop in a cluster with Istio, row by row (docs/mesh.md; FULL=1 for all rows, ARGS="-run TestRow02")
	@# Not a prerequisite: with -j it would not wait for the look at the label.
	@$(MAKE) --no-print-directory mesh-up
	$(if $(FULL),deploy/previous.sh)
	cd e2e && go test -tags $(TAGS),mesh -count=1 -parallel 8 -timeout 90m -v ./mesh $(if $(FULL),,$(MESH_ROWS)) $(ARGS)

# Not ./cmd/shopmesh, whose image is for audits and the demo: with a whole shop in it, it has 62 MB unpacked, where a
# service may have 45. skaffold builds it, and this with IMAGES=./cmd/shopmesh.
IMAGES = ./services/*/cmd/* ./cmd/inbox ./cmd/topics

.PHONY: images
images: ## Build the images with their lists of contents (SBOM) into the registry of KO_DOCKER_REPO, and print their digests
	@ko build --base-import-paths --sbom=spdx $(IMAGES)

.PHONY: bench
bench: ## Measure the shop (ARGS as bench's flags)
	go run ./bench $(ARGS)

.PHONY: check
check: lint current breaking standalone cross test test-ts test-rest ## Lint, generated code, contracts, builds, tests, TypeScript and REST: what a commit needs

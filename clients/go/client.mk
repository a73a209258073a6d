# The Go client; included by the Makefile, which says what these names mean.

languages += go
toolchain-go := go

go_plugins := build/tools/go-generate.stamp
go_linter := build/tools/go-lint.stamp
go_tool = GOBIN=$(CURDIR)/build/tools/bin go install

generator-go: $(go_plugins)

$(go_plugins): clients/go/client.mk
	@echo "Building the generators for Go"
	@mkdir -p $(@D)
	@$(go_tool) google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
	@$(go_tool) google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
	@touch $@

$(go_linter): clients/go/client.mk
	@echo "Building staticcheck"
	@mkdir -p $(@D)
	@$(go_tool) honnef.co/go/tools/cmd/staticcheck@v0.8.2
	@touch $@

test-go: $(go_linter)
	cd clients/go && test -z "$$(gofmt -l . | tee /dev/stderr)"
	cd clients/go && go mod tidy -diff
	cd clients/go && go vet ./...
	cd clients/go && $(CURDIR)/build/tools/bin/staticcheck ./...
	cd clients/go && go test $(GOTEST) ./...

.PHONY: driver-go
driver-go: # the conformance driver, at build/drivers/go
	@mkdir -p build/drivers
	@cd clients/go && go build -o $(CURDIR)/build/drivers/go ./cmd/conformance

# The Go client; included by the Makefile, which says what these names mean.

languages += go
toolchain-go := go

go_plugins := build/tools/go.stamp
go_tool = GOBIN=$(CURDIR)/build/tools/bin go install

generator-go: $(go_plugins)

$(go_plugins): clients/go/client.mk
	@echo "Building the generators for Go"
	@mkdir -p $(@D)
	@$(go_tool) google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
	@$(go_tool) google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
	@touch $@

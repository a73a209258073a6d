# The Rust client; included by the Makefile, which says what these names mean.

languages += rust
toolchain-rust := cargo

rust_plugins := build/tools/rust.stamp
rust_cargo = cd clients/rust && CARGO_TARGET_DIR=$(CURDIR)/build/rust cargo

generator-rust: $(rust_plugins)

$(rust_plugins): clients/rust/client.mk
	@echo "Building the generators for Rust (a minute or two, once)"
	@mkdir -p $(@D)
	@CARGO_TARGET_DIR=build/rust-tools cargo install --quiet --locked --root build/tools protoc-gen-prost@0.5.0 protoc-gen-tonic@0.5.0
	@touch $@

# Formatting and lints need the components rustfmt and clippy, which rustup's default profile brings.
test-rust:
	@$(rust_cargo) fmt --check
	@$(rust_cargo) clippy --quiet --locked --all-targets --features server -- -D warnings
	@$(rust_cargo) clippy --quiet --locked --no-default-features -- -D warnings
	@$(rust_cargo) test --quiet --locked --features server
	@if ($(rust_cargo) tree --locked --edges normal --prefix none) | grep -E '^(axum|tonic-build|prost-build) '; \
		then echo "The Rust client must not pull in a server's dependency." >&2; exit 1; fi

.PHONY: driver-rust
driver-rust: # the conformance driver, at build/drivers/rust
	@$(rust_cargo) build --quiet --locked --example conformance
	@mkdir -p build/drivers && cp build/rust/debug/examples/conformance build/drivers/rust

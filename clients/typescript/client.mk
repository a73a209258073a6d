# The TypeScript client; included by the Makefile, which says what these names mean.

languages += typescript
toolchain-typescript := node npm

typescript_modules := clients/typescript/node_modules/.package-lock.json

generator-typescript: $(typescript_modules)

$(typescript_modules): clients/typescript/package-lock.json
	@echo "Installing what the TypeScript client needs from $<"
	@npm --prefix clients/typescript ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

test-typescript: $(typescript_modules)
	npm --prefix clients/typescript run --silent build
	npm --prefix clients/typescript run --silent lint
	npm --prefix clients/typescript test --silent

.PHONY: driver-typescript
driver-typescript: $(typescript_modules) # the conformance driver, at build/drivers/typescript
	@npm --prefix clients/typescript run --silent build
	@mkdir -p build/drivers
	@printf '#!/bin/sh\nexec node "%s"\n' "$(CURDIR)/clients/typescript/dist/conformance/main.js" > build/drivers/typescript
	@chmod +x build/drivers/typescript

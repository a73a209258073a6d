# The Java client; included by the Makefile, which says what these names mean.

languages += java
toolchain-java := java javac mvn

# Stubs of protobuf 3.25 run on every runtime that gRPC has had since, up to the present major version.
java_protoc := com.google.protobuf:protoc:3.25.9
java_plugin := io.grpc:protoc-gen-grpc-java:1.83.1
java_format := com.google.googlejavaformat:google-java-format:1.28.0

java_tools := build/tools/java-generate.stamp
java_formatter := build/tools/google-java-format.jar
# Without jansi's parting escape codes.
java_mvn := MAVEN_OPTS=-Djansi.noreset=true mvn --batch-mode --quiet --file clients/java/pom.xml
java_get = MAVEN_OPTS=-Djansi.noreset=true mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
	-DoutputDirectory=build/tools/java -Dmdep.overWriteReleases=true
# As Maven Central names platforms.
java_platform = $(shell uname -s | sed 's/Linux/linux/; s/Darwin/osx/')-$(shell uname -m | sed 's/aarch64/aarch_64/; s/arm64/aarch_64/')

generator-java: $(java_tools)

$(java_tools): clients/java/client.mk
	@echo "Fetching the generators for Java"
	@mkdir -p build/tools/bin
	@$(java_get) -Dartifact=$(java_protoc):exe:$(java_platform)
	@$(java_get) -Dartifact=$(java_plugin):exe:$(java_platform)
	@install build/tools/java/protoc-3.*.exe build/tools/bin/protoc-java
	@install build/tools/java/protoc-gen-grpc-java-*.exe build/tools/bin/protoc-gen-grpc-java
	@touch $@

$(java_formatter): clients/java/client.mk
	@mkdir -p $(@D)
	@$(java_get) -Dartifact=$(java_format):jar:all-deps
	@cp build/tools/java/google-java-format-*-all-deps.jar $@
	@touch $@

# javac's own packages, which the formatter reads; https://github.com/google/google-java-format#as-a-library
java_opens := api code file parser tree util
java_formatted = java $(java_opens:%=--add-exports=jdk.compiler/com.sun.tools.javac.%=ALL-UNNAMED) -jar $(java_formatter)
# Everything but the stubs.
java_own = $(shell find clients/java/src -name '*.java' -not -path '*/main/java/io/ringmain/v1/*' \
	-not -path '*/main/java/io/ringmain/admin/*' | sort)

.PHONY: format-java
format-java: $(java_formatter)
	@$(java_formatted) --replace $(java_own)

# The stubs are compiled before: what javac warns of in them is not ours.
test-java: $(java_formatter)
	@$(java_formatted) --dry-run --set-exit-if-changed $(java_own) \
		|| { echo "The files above are not formatted: run 'make format-java'." >&2; exit 1; }
	@$(java_mvn) test -Dmdep.outputFile=../../build/java.classpath dependency:build-classpath
	@rm -rf build/java-lint && mkdir -p build/java-lint
	@javac --release 17 -Xlint:all -Werror -proc:none -implicit:none -d build/java-lint \
		-cp "clients/java/target/classes:$$(cat build/java.classpath)" -sourcepath "" $(java_own)

.PHONY: driver-java
driver-java: # the conformance driver, at build/drivers/java
	@$(java_mvn) test-compile -Dmdep.outputFile=../../build/java.classpath dependency:build-classpath
	@mkdir -p build/drivers
	@printf '#!/bin/sh\nexec java -Xmx2g -XX:+UseSerialGC -cp %s io.ringmain.conformance.Driver\n' \
		"$(CURDIR)/clients/java/target/test-classes:$(CURDIR)/clients/java/target/classes:$$(cat build/java.classpath)" \
		> build/drivers/java
	@chmod +x build/drivers/java

# The Java client; included by the Makefile, which says what these names mean.

languages += java
toolchain-java := java javac mvn

# Stubs of protobuf 3.25 run on every runtime that gRPC has had since, up to the present major version.
java_protoc := com.google.protobuf:protoc:3.25.9
java_plugin := io.grpc:protoc-gen-grpc-java:1.83.1
java_format := com.google.googlejavaformat:google-java-format:1.28.0

java_tools := build/tools/java-generate.stamp
java_formatter := build/tools/google-java-format.jar
java_mvn := mvn --batch-mode --quiet --file clients/java/pom.xml
java_get = mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
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

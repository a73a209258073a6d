# The C++ client; included by the Makefile, which says what these names mean.
# Debian and Ubuntu: cmake g++ libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libgtest-dev

languages += cpp
toolchain-cpp := cmake c++ protoc grpc_cpp_plugin

# The committed stubs belong to one release of protobuf: other ones would write other files.
generator-cpp:
	@protoc --version | grep -q ' 3\.21\.' || { \
		echo "The committed C++ stubs are those of protoc 3.21 (Debian 12), and this is $$(protoc --version)." >&2; exit 1; }

cpp_configure = cmake -S clients/cpp -B build/cpp -DCMAKE_BUILD_TYPE=Debug -DRINGMAIN_DEVELOP=ON
cpp_build = cmake --build build/cpp --parallel

test-cpp:
	@$(cpp_configure)
	@$(cpp_build)
	@ctest --test-dir build/cpp --output-on-failure

.PHONY: driver-cpp
driver-cpp: # the conformance driver, at build/drivers/cpp
	@$(cpp_configure) >/dev/null
	@$(cpp_build) --target driver >/dev/null
	@mkdir -p build/drivers && cp build/cpp/conformance/driver build/drivers/cpp

# Finds gRPC and protobuf as the targets gRPC::grpc++ and protobuf::libprotobuf: by their CMake packages, else by
# pkg-config, which is what some distributions ship alone. Used to build the client and by those who find it.
include(CMakeFindDependencyMacro)

if(NOT TARGET protobuf::libprotobuf)
  find_package(Protobuf CONFIG QUIET)
  if(NOT TARGET protobuf::libprotobuf)
    find_dependency(Protobuf)
  endif()
endif()
if(NOT TARGET gRPC::grpc++)
  find_package(gRPC CONFIG QUIET)
endif()
if(NOT TARGET gRPC::grpc++)
  find_dependency(PkgConfig)
  pkg_check_modules(ringmain_grpc REQUIRED IMPORTED_TARGET GLOBAL grpc++)
  add_library(gRPC::grpc++ ALIAS PkgConfig::ringmain_grpc)
endif()

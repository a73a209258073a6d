# Chooses the stubs: the committed ones if they are of the protobuf that was found, else fresh ones.
#
# C++ stubs compile only against the release of protobuf whose protoc wrote them. The committed ones say which that is.
# Sets RINGMAIN_STUB_DIR and RINGMAIN_STUB_SOURCES.

set(committed "${PROJECT_SOURCE_DIR}/generated")

# 3021012 in a header, and "3.21.12" or "4.21.12" or "33.1.0" as CMake tells it, are compared as 21 and 33.
file(STRINGS "${committed}/ringmain/v1/usage.pb.h" line REGEX "^#if PROTOBUF_VERSION < [0-9]+")
string(REGEX MATCH "[0-9]+" number "${line}")
math(EXPR committed_release "(${number} / 1000) % 1000")
if(Protobuf_VERSION MATCHES "^[34]\\.([0-9]+)")
  set(found_release "${CMAKE_MATCH_1}")
elseif(Protobuf_VERSION MATCHES "^([0-9]+)")
  set(found_release "${CMAKE_MATCH_1}")
else()
  message(FATAL_ERROR "ringmain: cannot tell which protobuf was found: Protobuf_VERSION is '${Protobuf_VERSION}'.")
endif()

# Only these have services; a grpc.pb.cc of the others is empty.
set(services admin/v1/admin_service v1/audio_service v1/chat_service v1/embedding_service v1/image_service
  v1/model_service v1/usage_service v1/vision_service)
set(messages v1/attribution v1/content v1/error_reason v1/generation v1/routing v1/usage ${services})

set(stubs)
foreach(name IN LISTS messages)
  list(APPEND stubs "ringmain/${name}.pb.cc")
endforeach()
foreach(name IN LISTS services)
  list(APPEND stubs "ringmain/${name}.grpc.pb.cc")
endforeach()
if(NOT RINGMAIN_GOOGLE_RPC_TARGET)
  list(APPEND stubs google/rpc/status.pb.cc google/rpc/error_details.pb.cc)
endif()

if(found_release EQUAL committed_release)
  set(RINGMAIN_STUB_DIR "${committed}")
else()
  message(STATUS "ringmain: protobuf ${Protobuf_VERSION} was found, and the committed stubs are of release "
    "${committed_release}: fresh ones are generated with the build.")
  set(RINGMAIN_STUB_DIR "${PROJECT_BINARY_DIR}/generated")

  get_filename_component(root "${PROJECT_SOURCE_DIR}/../.." ABSOLUTE)
  find_path(RINGMAIN_PROTOS ringmain/v1/chat_service.proto PATHS "${root}/protos" NO_DEFAULT_PATH
    DOC "Folder of the contract's .proto files")
  find_path(RINGMAIN_GOOGLEAPIS google/rpc/error_details.proto PATHS "${root}/build/googleapis" /usr/include
    DOC "Folder of google/rpc/*.proto, of the googleapis repository or PyPI's googleapis-common-protos")
  foreach(needed RINGMAIN_PROTOS RINGMAIN_GOOGLEAPIS)
    if(NOT ${needed})
      get_property(what CACHE ${needed} PROPERTY HELPSTRING)
      message(FATAL_ERROR "ringmain: fresh stubs are needed for protobuf ${Protobuf_VERSION}, and this is missing: "
        "${what}. Say where it is: -D${needed}=/path, or use protobuf release ${committed_release}, whose stubs are "
        "committed. In a checkout, `make build/googleapis/google/rpc/status.proto` brings google/rpc.")
    endif()
  endforeach()

  if(TARGET protobuf::protoc)
    set(protoc protobuf::protoc)
  else()
    find_program(RINGMAIN_PROTOC protoc REQUIRED)
    set(protoc "${RINGMAIN_PROTOC}")
  endif()
  if(TARGET gRPC::grpc_cpp_plugin)
    set(plugin "$<TARGET_FILE:gRPC::grpc_cpp_plugin>")
  else()
    find_program(RINGMAIN_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
    set(plugin "${RINGMAIN_GRPC_CPP_PLUGIN}")
  endif()

  set(proto_files)
  set(made)
  foreach(name IN LISTS messages)
    list(APPEND proto_files "${RINGMAIN_PROTOS}/ringmain/${name}.proto")
    foreach(kind pb.cc pb.h grpc.pb.cc grpc.pb.h)
      list(APPEND made "${RINGMAIN_STUB_DIR}/ringmain/${name}.${kind}")
    endforeach()
  endforeach()
  if(NOT RINGMAIN_GOOGLE_RPC_TARGET)
    foreach(name status error_details)
      list(APPEND proto_files "${RINGMAIN_GOOGLEAPIS}/google/rpc/${name}.proto")
      list(APPEND made "${RINGMAIN_STUB_DIR}/google/rpc/${name}.pb.cc" "${RINGMAIN_STUB_DIR}/google/rpc/${name}.pb.h")
    endforeach()
  endif()
  file(MAKE_DIRECTORY "${RINGMAIN_STUB_DIR}")
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${protoc} "-I${RINGMAIN_PROTOS}" "-I${RINGMAIN_GOOGLEAPIS}" "--cpp_out=${RINGMAIN_STUB_DIR}"
      "--grpc_out=${RINGMAIN_STUB_DIR}" "--plugin=protoc-gen-grpc=${plugin}" ${proto_files}
    DEPENDS ${proto_files}
    COMMENT "Generating the C++ stubs for protobuf ${Protobuf_VERSION}"
    VERBATIM)
  add_custom_target(ringmain_generated DEPENDS ${made})
endif()

list(TRANSFORM stubs PREPEND "${RINGMAIN_STUB_DIR}/" OUTPUT_VARIABLE RINGMAIN_STUB_SOURCES)

# Builds the client and takes its tour of a gateway on 127.0.0.1:50051: cmake -P clients/cpp/tour.cmake
cmake_minimum_required(VERSION 3.22)
set(build "${CMAKE_CURRENT_LIST_DIR}/../../build/cpp")
# Without a number, make would start every compiler at once.
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${build}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" --parallel ${cores} --target tour COMMAND_ERROR_IS_FATAL ANY)

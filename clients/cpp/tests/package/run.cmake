# Configures and builds the caller's project in one of the ways, and runs it. Adding the sources would compile the stubs
# a second time, so that way is only configured.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code)
  if(code)
    message(FATAL_ERROR "failed: ${ARGV}")
  endif()
endfunction()

set(caller "${CMAKE_CURRENT_LIST_DIR}")
file(REMOVE_RECURSE "${WORK}")
if(WAY STREQUAL "installed")
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
  run("${CMAKE_COMMAND}" -S "${caller}" -B "${WORK}/build" "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
  run("${CMAKE_COMMAND}" --build "${WORK}/build")
  run("${WORK}/build/caller")
else()
  run("${CMAKE_COMMAND}" -S "${caller}" -B "${WORK}/build" "-DRINGMAIN_SOURCE=${SOURCE}")
endif()

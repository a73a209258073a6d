// How a client connects.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "ringmain/options.hpp"

namespace ringmain {

// The channel that options ask for. Throws std::invalid_argument if they contradict each other.
std::shared_ptr<grpc::Channel> open_channel(const Options& options);

// Balancing over all addresses, and retries while it is safe: gRPC repeats a call only as long as nothing of an answer
// has arrived, and hardly at all while most calls fail.
// https://github.com/grpc/proposal/blob/master/A6-client-retries.md
std::string service_config(int max_attempts, bool wait_for_ready);

}  // namespace ringmain

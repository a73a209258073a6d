// Why a call failed.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ringmain/options.hpp"
#include "ringmain/v1/error_reason.pb.h"

namespace ringmain {

// A field of the request that breaks a rule.
struct Violation {
  std::string field;        // its path, such as messages[2].parts[0].media
  std::string description;  // what is wrong with it
};

// A failed call. what() says reason, message, violations and delay in one line.
class Error : public std::runtime_error {
 public:
  // Reads the details; those that are absent or garbled (a proxy's own idea of them) leave code and message.
  explicit Error(const grpc::Status& status, Metadata trailers = {});

  // The gRPC status code. A message that is too large for the server or this client (RESOURCE_EXHAUSTED without an
  // ErrorInfo, which only gRPC itself gives) is a mistake in the request and no limit of rate: INVALID_ARGUMENT.
  grpc::StatusCode code() const { return code_; }
  // The code's name, such as INVALID_ARGUMENT.
  std::string code_name() const;
  // What happened, for people.
  std::string message() const { return status_.error_message(); }
  // The gateway's reason, such as PROVIDERS_UNAVAILABLE. Empty if the status came from elsewhere: gRPC itself, a proxy.
  const std::string& reason() const { return reason_; }
  // The reason as the enum of the contract; UNSPECIFIED if empty or newer than this client.
  v1::ErrorReason error_reason() const;
  // What the reason is about, such as `model`.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // The gateway's name for the call, to be found in its log. Empty if it gave none.
  std::string response_id() const;
  // How long to wait before a repeat has a chance. Unset if the gateway named no delay.
  std::optional<std::chrono::milliseconds> retry_delay() const { return retry_delay_; }
  // The fields that break a rule.
  const std::vector<Violation>& violations() const { return violations_; }
  // As gRPC gave them.
  const grpc::Status& status() const { return status_; }
  const Metadata& trailers() const { return trailers_; }

 private:
  struct Details;
  Error(const grpc::Status& status, Metadata trailers, Details details);
  friend Error interrupted();

  grpc::Status status_;
  grpc::StatusCode code_;
  Metadata trailers_;
  std::string reason_;
  std::map<std::string, std::string> metadata_;
  std::optional<std::chrono::milliseconds> retry_delay_;
  std::vector<Violation> violations_;
};

// The error of a stream that ended without its last event.
Error interrupted();

// The name of a status code, such as INVALID_ARGUMENT.
std::string code_name(grpc::StatusCode code);

}  // namespace ringmain

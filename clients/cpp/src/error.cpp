#include "ringmain/error.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ringmain {

struct Error::Details {
  grpc::StatusCode code;
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::optional<std::chrono::milliseconds> retry_delay;
  std::vector<Violation> violations;

  static Details of(const grpc::Status& status);
  std::string line(const std::string& message) const;
};

namespace {

constexpr char kDomain[] = "ringmain.v1";

constexpr std::array<const char*, 17> kCodes = {
    "OK",           "CANCELLED",           "UNKNOWN",           "INVALID_ARGUMENT", "DEADLINE_EXCEEDED",
    "NOT_FOUND",    "ALREADY_EXISTS",      "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",      "OUT_OF_RANGE",        "UNIMPLEMENTED",     "INTERNAL",         "UNAVAILABLE",
    "DATA_LOSS",    "UNAUTHENTICATED",
};

std::chrono::milliseconds milliseconds(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(duration.seconds() * 1000 + duration.nanos() / 1'000'000);
}

}  // namespace

std::string code_name(grpc::StatusCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodes.size() ? kCodes[index] : kCodes[2];
}

Error::Details Error::Details::of(const grpc::Status& status) {
  Details details{status.error_code(), {}, {}, {}, {}};
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) rich.Clear();
  const bool has_info = std::any_of(rich.details().begin(), rich.details().end(),
                                    [](const auto& detail) { return detail.template Is<google::rpc::ErrorInfo>(); });
  if (details.code == grpc::StatusCode::RESOURCE_EXHAUSTED && !has_info) {
    details.code = grpc::StatusCode::INVALID_ARGUMENT;
  }
  for (const auto& detail : rich.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&info) && info.domain() == kDomain) {
      details.reason = info.reason();
      details.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (detail.UnpackTo(&retry) && retry.has_retry_delay()) {
      details.retry_delay = milliseconds(retry.retry_delay());
    } else if (detail.UnpackTo(&bad)) {
      for (const auto& field : bad.field_violations()) {
        details.violations.push_back({field.field(), field.description()});
      }
    }
  }
  return details;
}

std::string Error::Details::line(const std::string& message) const {
  std::string said = (reason.empty() ? ringmain::code_name(code) : reason) + ": " + message;
  for (const Violation& violation : violations) said += "; " + violation.field + ": " + violation.description;
  if (retry_delay) {
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%g", static_cast<double>(retry_delay->count()) / 1000);
    said += std::string(" (retry in ") + seconds.data() + " s)";
  }
  return said;
}

Error::Error(const grpc::Status& status, Metadata trailers) : Error(status, std::move(trailers), Details::of(status)) {}

Error::Error(const grpc::Status& status, Metadata trailers, Details details)
    : std::runtime_error(details.line(status.error_message())),
      status_(status),
      code_(details.code),
      trailers_(std::move(trailers)),
      reason_(std::move(details.reason)),
      metadata_(std::move(details.metadata)),
      retry_delay_(details.retry_delay),
      violations_(std::move(details.violations)) {}

std::string Error::code_name() const { return ringmain::code_name(code()); }

v1::ErrorReason Error::error_reason() const {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  v1::ErrorReason_Parse("ERROR_REASON_" + reason_, &reason);
  return reason;
}

std::string Error::response_id() const {
  const auto found = metadata_.find("response_id");
  return found == metadata_.end() ? "" : found->second;
}

Error interrupted() {
  const grpc::Status status(grpc::StatusCode::ABORTED, "the stream ended without its last event");
  return Error(status, {}, {status.error_code(), "STREAM_INTERRUPTED", {}, {}, {}});
}

}  // namespace ringmain

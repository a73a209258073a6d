// Errors from statuses, without a gateway.
#include "ringmain/error.hpp"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace {

// One line says reason, message, violations and delay.
TEST(Error, What) {
  google::rpc::ErrorInfo info;
  info.set_domain("ringmain.v1");
  info.set_reason("RATE_LIMITED");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("messages[0]");
  violation->set_description("is empty");
  google::rpc::Status rich;
  rich.add_details()->PackFrom(info);
  rich.add_details()->PackFrom(retry);
  rich.add_details()->PackFrom(bad);
  const ringmain::Error error(
      grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "slow down", rich.SerializeAsString()));
  EXPECT_STREQ(error.what(), "RATE_LIMITED: slow down; messages[0]: is empty (retry in 1.5 s)");
  EXPECT_EQ(error.error_reason(), ringmain::v1::ERROR_REASON_RATE_LIMITED);
  EXPECT_EQ(error.retry_delay(), std::chrono::milliseconds(1500));
}

// Every reason of the contract is known by its name.
TEST(Error, Reasons) {
  for (const auto reason : {ringmain::v1::ERROR_REASON_PROVIDERS_RATE_LIMITED,
                            ringmain::v1::ERROR_REASON_MODEL_OUTPUT_INVALID,
                            ringmain::v1::ERROR_REASON_RESOURCE_NOT_FOUND,
                            ringmain::v1::ERROR_REASON_METHOD_NOT_SERVED,
                            ringmain::v1::ERROR_REASON_LIMITS_UNAVAILABLE}) {
    google::rpc::ErrorInfo info;
    info.set_domain("ringmain.v1");
    info.set_reason(ringmain::v1::ErrorReason_Name(reason).substr(sizeof("ERROR_REASON_") - 1));
    google::rpc::Status rich;
    rich.add_details()->PackFrom(info);
    const ringmain::Error error(grpc::Status(grpc::StatusCode::ABORTED, "m", rich.SerializeAsString()));
    EXPECT_EQ(error.error_reason(), reason);
  }
}

// A reason of another domain is not the gateway's.
TEST(Error, OtherDomain) {
  google::rpc::ErrorInfo info;
  info.set_domain("proxy.example");
  info.set_reason("QUOTA");
  google::rpc::Status rich;
  rich.add_details()->PackFrom(info);
  const ringmain::Error error(grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy", rich.SerializeAsString()));
  EXPECT_EQ(error.reason(), "");
  EXPECT_EQ(error.error_reason(), ringmain::v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(error.response_id(), "");
  EXPECT_STREQ(error.what(), "UNAVAILABLE: busy");
}

// RESOURCE_EXHAUSTED is a limit of rate where an ErrorInfo says so, and else gRPC's refusal of what is too large.
TEST(Error, TooLarge) {
  const ringmain::Error error(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "larger than max"));
  EXPECT_EQ(error.code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.status().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_STREQ(error.what(), "INVALID_ARGUMENT: larger than max");
  for (const auto* domain : {"ringmain.v1", "proxy.example"}) {
    google::rpc::ErrorInfo info;
    info.set_domain(domain);
    google::rpc::Status rich;
    rich.add_details()->PackFrom(info);
    const grpc::Status status(grpc::StatusCode::RESOURCE_EXHAUSTED, "slow down", rich.SerializeAsString());
    EXPECT_EQ(ringmain::Error(status).code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
}

// Garbled details leave code and message.
TEST(Error, Garbled) {
  const ringmain::Error error(grpc::Status(grpc::StatusCode::NOT_FOUND, "none", "\xff\xff"));
  EXPECT_EQ(error.code_name(), "NOT_FOUND");
  EXPECT_EQ(error.message(), "none");
  EXPECT_FALSE(error.retry_delay());
}

// Every code has its name.
TEST(Error, CodeNames) {
  EXPECT_EQ(ringmain::code_name(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(ringmain::code_name(grpc::StatusCode::ABORTED), "ABORTED");
  EXPECT_EQ(ringmain::code_name(grpc::StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
  EXPECT_EQ(ringmain::code_name(static_cast<grpc::StatusCode>(99)), "UNKNOWN");
}

}  // namespace

#include "channel.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>
#include <stdexcept>

namespace ringmain {
namespace {

constexpr char kDefaultTarget[] = "127.0.0.1:50051";
constexpr char kTargetVariable[] = "RINGMAIN_TARGET";
constexpr int kAnswerLimit = 64 * 1024 * 1024;

std::string target_of(const Options& options) {
  if (!options.target.empty()) return options.target;
  const char* named = std::getenv(kTargetVariable);
  return named != nullptr && *named != '\0' ? named : kDefaultTarget;
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const Options& options) {
  if (options.credentials != nullptr) {
    if (options.tls) throw std::invalid_argument("ringmain: give credentials or tls, not both");
    return options.credentials;
  }
  if (!options.tls) return grpc::InsecureChannelCredentials();
  const Tls& tls = *options.tls;
  if (tls.certificate_chain_pem.empty() != tls.private_key_pem.empty()) {
    throw std::invalid_argument("ringmain: a client's certificate and its private key belong together");
  }
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = tls.roots_pem;
  ssl.pem_cert_chain = tls.certificate_chain_pem;
  ssl.pem_private_key = tls.private_key_pem;
  return grpc::SslCredentials(ssl);
}

}  // namespace

std::string service_config(int max_attempts, bool wait_for_ready) {
  std::string method = R"("name": [{}])";
  if (wait_for_ready) method += R"(, "waitForReady": true)";
  if (max_attempts > 1) {
    method += R"(, "retryPolicy": {"maxAttempts": )" + std::to_string(max_attempts) +
              R"(, "initialBackoff": "0.1s", "maxBackoff": "2s", "backoffMultiplier": 2,)"
              R"( "retryableStatusCodes": ["UNAVAILABLE"]})";
  }
  return R"({"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{)" + method +
         R"(}], "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}})";
}

std::shared_ptr<grpc::Channel> open_channel(const Options& options) {
  if (options.max_attempts < 1 || options.max_attempts > 5) {
    throw std::invalid_argument("ringmain: max_attempts must be 1 to 5");
  }
  grpc::ChannelArguments arguments = options.arguments;
  arguments.SetUserAgentPrefix("ringmain-cpp/" RINGMAIN_VERSION);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  arguments.SetMaxReceiveMessageSize(kAnswerLimit);
  arguments.SetServiceConfigJSON(service_config(options.max_attempts, options.wait_for_ready));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  // Its own default is a minute, and a gateway that stands still is noticed by the longer of the two.
  arguments.SetInt("grpc.http2.ping_timeout_ms", 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  // Without this, gRPC reads megabytes ahead of a slow reader.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  if (options.tls && !options.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->server_name);
  }
  return grpc::CreateCustomChannel(target_of(options), credentials_of(options), arguments);
}

}  // namespace ringmain

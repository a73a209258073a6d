// How a client is made and how one of its calls is.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ringmain {

using Metadata = std::multimap<std::string, std::string>;

// TLS. With all fields empty: gRPC's root certificates, no certificate of the client's own.
struct Tls {
  std::string roots_pem;              // root certificates of your own
  std::string certificate_chain_pem;  // the client's certificate, for mutual TLS
  std::string private_key_pem;
  std::string server_name;  // the name that the gateway's certificate must have; empty: the target's host
};

// A token, and how long it is valid.
struct Token {
  std::string text;
  // From now on, such as expires_in of OAuth 2. Unset: the token says so itself, as a JWT does, or nobody knows; then it
  // is kept until the gateway refuses it.
  std::optional<std::chrono::milliseconds> lifetime;
};

// Gives a token. It is called before the first call, again shortly before the token ends, and once more if the gateway
// refuses it; threads that wait at the same time share it. No deadline ends it, so it needs one of its own.
using TokenSource = std::function<Token()>;

struct Options {
  // The gateway's address, in any form that gRPC takes. Empty: the environment's RINGMAIN_TARGET, else 127.0.0.1:50051.
  // A name with several addresses is balanced over all of them.
  std::string target;
  // The model of calls that name none.
  std::string model;
  // How long a call may take when it names no timeout. Unset: no end.
  std::optional<std::chrono::milliseconds> timeout;
  // The token or API key, sent with every call as `authorization: Bearer`. Without TLS it travels readable.
  std::string token;
  // Instead of `token`, for tokens that end. What it throws is nested in the Error, UNAUTHENTICATED, of the call that
  // gets none.
  TokenSource token_source;
  std::optional<Tls> tls;
  // gRPC's channel credentials, instead of `tls`.
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  // Sent with every call.
  Metadata metadata;
  // How often gRPC tries a call that ends UNAVAILABLE before anything of an answer has arrived, 1 to 5. A try may cost
  // money; give a request_id to pay once.
  int max_attempts = 3;
  // The largest request, in bytes: a larger one is INVALID_ARGUMENT before anything of it is sent. The default is the
  // gateway's own (its server.max_receive_bytes).
  int max_message_bytes = 64 * 1024 * 1024;
  // Whether calls wait for a gateway that cannot be reached (until their timeout) instead of failing at once.
  bool wait_for_ready = false;
  // gRPC channel arguments of your own. The client's go on top of them.
  grpc::ChannelArguments arguments;
  // A channel to use instead of `target` and what belongs to it.
  std::shared_ptr<grpc::Channel> channel;
};

// Cancels the call that it was given to, from any thread. It may be used for one call at a time, and must outlive it.
class Cancellation {
 public:
  void cancel();

 private:
  friend class Client;
  void watch(grpc::ClientContext* context);

  std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;
  bool cancelled_ = false;
};

struct CallOptions {
  // Instead of the client's. For a stream it bounds all of it.
  std::optional<std::chrono::milliseconds> timeout;
  // Sent with this call.
  Metadata metadata;
  // To cancel a whole answer from another thread; a stream has cancel() itself.
  Cancellation* cancellation = nullptr;
};

}  // namespace ringmain

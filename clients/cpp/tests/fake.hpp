// A gateway that does what a script says, on a real socket.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "ringmain/ringmain.hpp"
#include "ringmain/v1/chat_service.grpc.pb.h"
#include "ringmain/v1/model_service.grpc.pb.h"

namespace fake {

namespace v1 = ringmain::v1;

struct Answer {  // answers with this text: whole, or one event for each byte sequence of a character
  std::string text;
};
struct Fail {
  grpc::Status status;
  std::string pushback;  // grpc-retry-pushback-ms, if not empty
};
struct Events {  // streams these, and ends so
  std::vector<v1::ChatEvent> events;
  grpc::Status end;
};
struct Hang {  // streams these, then says nothing until the call is cancelled
  std::vector<v1::ChatEvent> events;
};
using Step = std::variant<Answer, Fail, Events, Hang>;

struct Seen {  // what the gateway saw of a call
  ringmain::Metadata metadata;
  v1::ChatRequest request;
  bool has_deadline;
};

class Models final : public v1::ModelService::Service {
  grpc::Status GetServerInfo(grpc::ServerContext* context, const v1::GetServerInfoRequest* request,
                             v1::GetServerInfoResponse* response) override;
};

class Gateway final : public v1::ChatService::Service {
 public:
  explicit Gateway(std::deque<Step> script, const std::string& address = "127.0.0.1:0",
                   const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials());
  ~Gateway() override;

  const std::string& target() const { return target_; }
  ringmain::Options options() const;
  ringmain::Client client() const { return ringmain::Client(options()); }
  // Takes no new calls, and lets the running ones end. As the real gateway does, it holds the next caller back while
  // gRPC tells the connection to go, and then refuses it: what arrives just then, gRPC ends as CANCELLED.
  void drain();

  std::size_t calls() const;
  Seen seen(std::size_t index) const;
  // Waits until a hanging call was cancelled, at most five seconds.
  bool saw_cancel();

  grpc::Status Chat(grpc::ServerContext* context, const v1::ChatRequest* request, v1::ChatResponse* response) override;
  grpc::Status StreamChat(grpc::ServerContext* context, const v1::ChatRequest* request,
                          grpc::ServerWriter<v1::ChatEvent>* writer) override;
  grpc::Status CountTokens(grpc::ServerContext* context, const v1::CountTokensRequest* request,
                           v1::CountTokensResponse* response) override;

 private:
  Step next(const grpc::ServerContext& context, const v1::ChatRequest& request);
  grpc::Status refused();
  grpc::Status failed(grpc::ServerContext& context, const Fail& fail) const;
  grpc::Status hang(const grpc::ServerContext& context);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> script_;
  std::vector<Seen> seen_;
  int cancelled_ = 0;
  enum class Parting { kNo, kHolding, kHeld, kOver } parting_ = Parting::kNo;
  std::string target_;
  Models models_;
  std::unique_ptr<grpc::Server> server_;
};

v1::ChatEvent delta(const std::string& text);
v1::ChatEvent finished();
// The events of an answer, one for each of its characters.
std::vector<v1::ChatEvent> answer(const std::string& text);

}  // namespace fake

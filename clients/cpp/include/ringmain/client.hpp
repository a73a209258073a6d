// The client: one method for each of the contract's, with deadline, retries and errors.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ringmain/options.hpp"
#include "ringmain/stream.hpp"
#include "ringmain/v1/chat_service.grpc.pb.h"
#include "ringmain/v1/embedding_service.grpc.pb.h"
#include "ringmain/v1/image_service.grpc.pb.h"
#include "ringmain/v1/model_service.grpc.pb.h"
#include "ringmain/v1/vision_service.grpc.pb.h"

namespace ringmain {

class Tokens;

// A response, to be used like a pointer to the message.
template <typename Message>
struct Reply {
  Message message;
  Metadata metadata;  // what the server sent along, trailers included

  const Message& operator*() const { return message; }
  const Message* operator->() const { return &message; }
};

// A client of the gateway. Threads may share it, and copies share its connections.
//
// Every method throws Error when its call fails. The stubs of the contract, as gRPC generated them, work over channel()
// with a context that prepare() has made ready.
class Client {
 public:
  // Makes a client. It connects with its first call. Throws std::invalid_argument if the options contradict each other.
  explicit Client(const Options& options = {});

  // The answer to a question or conversation.
  Reply<v1::ChatResponse> chat(v1::ChatRequest request, const CallOptions& options = {}) const;
  Reply<v1::ChatResponse> chat(const std::string& question, const CallOptions& options = {}) const;
  // The same as it is written.
  ChatStream stream_chat(v1::ChatRequest request, const CallOptions& options = {}) const;
  ChatStream stream_chat(const std::string& question, const CallOptions& options = {}) const;
  // How many tokens a request has, and what it would cost, without sending it to a model.
  Reply<v1::CountTokensResponse> count_tokens(v1::CountTokensRequest request, const CallOptions& options = {}) const;
  Reply<v1::EstimateCostResponse> estimate_cost(v1::EstimateCostRequest request, const CallOptions& options = {}) const;

  // What a model sees in pictures.
  Reply<v1::ChatResponse> analyze_images(v1::AnalyzeImagesRequest request, const CallOptions& options = {}) const;
  ChatStream stream_analyze_images(v1::AnalyzeImagesRequest request, const CallOptions& options = {}) const;

  // Pictures made from a description.
  Reply<v1::GenerateImagesResponse> generate_images(v1::GenerateImagesRequest request,
                                                    const CallOptions& options = {}) const;
  // The same in pieces, with previews; Pictures puts them together.
  ImageStream stream_images(v1::StreamImagesRequest request, const CallOptions& options = {}) const;

  // The vectors of texts.
  Reply<v1::EmbedResponse> embed(v1::EmbedRequest request, const CallOptions& options = {}) const;

  // A page of the gateway's models, and one model.
  Reply<v1::ListModelsResponse> list_models(const v1::ListModelsRequest& request = {},
                                            const CallOptions& options = {}) const;
  Reply<v1::GetModelResponse> get_model(const v1::GetModelRequest& request, const CallOptions& options = {}) const;
  // What server this is, what it serves, and how large a request may be.
  Reply<v1::GetServerInfoResponse> get_server_info(const v1::GetServerInfoRequest& request = {},
                                                   const CallOptions& options = {}) const;

  // For stubs of your own: v1::ChatService::NewStub(client.channel()).
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // Gives a context the token, metadata and deadline of a call. Throws Error if `token_source` gives no token.
  void prepare(grpc::ClientContext& context, const CallOptions& options = {}) const;

 private:
  using Deadline = std::optional<std::chrono::system_clock::time_point>;

  template <typename Stub, typename Request, typename Response>
  Reply<Response> unary(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Stub& stub,
                        const Request& request, const CallOptions& options) const;
  template <typename Event, typename Stub, typename Request>
  Stream<Event> streamed(std::unique_ptr<grpc::ClientReaderInterface<Event>> (Stub::*method)(grpc::ClientContext*,
                                                                                            const Request&),
                         const std::shared_ptr<Stub>& stub, Request request, const CallOptions& options) const;
  void prepare(grpc::ClientContext& context, const CallOptions& options, const std::string& token,
               const Deadline& deadline) const;
  Deadline deadline(const CallOptions& options) const;
  std::string token() const;
  void name_model(std::string* model) const;

  std::shared_ptr<grpc::Channel> channel_;
  std::string model_;
  std::optional<std::chrono::milliseconds> timeout_;
  Metadata metadata_;
  std::shared_ptr<Tokens> tokens_;  // if the options have a source of them
  std::shared_ptr<v1::ChatService::StubInterface> chat_;
  std::shared_ptr<v1::VisionService::StubInterface> vision_;
  std::shared_ptr<v1::ImageService::StubInterface> images_;
  std::shared_ptr<v1::EmbeddingService::StubInterface> embeddings_;
  std::shared_ptr<v1::ModelService::StubInterface> models_;
};

}  // namespace ringmain

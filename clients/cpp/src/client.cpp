#include "ringmain/client.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "channel.hpp"
#include "ringmain/answer.hpp"
#include "tokens.hpp"

namespace ringmain {

void Cancellation::cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

void Cancellation::watch(grpc::ClientContext* context) {
  const std::lock_guard<std::mutex> lock(mutex_);
  context_ = context;
  if (context != nullptr && cancelled_) context->TryCancel();
}

Metadata copied(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  Metadata copy;
  for (const auto& [key, value] : metadata) {
    copy.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return copy;
}

Client::Client(const Options& options)
    : channel_(options.channel != nullptr ? options.channel : open_channel(options)),
      model_(options.model),
      timeout_(options.timeout),
      metadata_(options.metadata),
      chat_(v1::ChatService::NewStub(channel_)),
      vision_(v1::VisionService::NewStub(channel_)),
      images_(v1::ImageService::NewStub(channel_)),
      embeddings_(v1::EmbeddingService::NewStub(channel_)),
      models_(v1::ModelService::NewStub(channel_)) {
  if (options.token_source) {
    if (!options.token.empty()) throw std::invalid_argument("ringmain: give token or token_source, not both");
    tokens_ = std::make_shared<Tokens>(options.token_source);
  }
  if (!options.token.empty()) metadata_.emplace("authorization", "Bearer " + options.token);
}

void Client::prepare(grpc::ClientContext& context, const CallOptions& options) const {
  prepare(context, options, token(), deadline(options));
}

void Client::prepare(grpc::ClientContext& context, const CallOptions& options, const std::string& token,
                     const Deadline& deadline) const {
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  for (const auto& [key, value] : metadata_) context.AddMetadata(key, value);
  for (const auto& [key, value] : options.metadata) context.AddMetadata(key, value);
  if (deadline) context.set_deadline(*deadline);
}

Client::Deadline Client::deadline(const CallOptions& options) const {
  const auto timeout = options.timeout ? options.timeout : timeout_;
  return timeout ? Deadline(std::chrono::system_clock::now() + *timeout) : std::nullopt;
}

std::string Client::token() const { return tokens_ != nullptr ? tokens_->get() : std::string(); }

template <typename Stub, typename Request, typename Response>
Reply<Response> Client::unary(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Stub& stub,
                              const Request& request, const CallOptions& options) const {
  const Deadline end = deadline(options);
  std::string bearer = token();
  for (bool again = tokens_ != nullptr;; again = false) {
    grpc::ClientContext call;
    prepare(call, options, bearer, end);
    Reply<Response> reply;
    if (options.cancellation != nullptr) options.cancellation->watch(&call);
    const grpc::Status status = (stub.*method)(&call, request, &reply.message);
    if (options.cancellation != nullptr) options.cancellation->watch(nullptr);
    Metadata trailers = copied(call.GetServerTrailingMetadata());
    if (status.ok()) {
      reply.metadata = copied(call.GetServerInitialMetadata());
      reply.metadata.merge(trailers);
      return reply;
    }
    const bool refused = again && status.error_code() == grpc::StatusCode::UNAUTHENTICATED;
    const auto other = refused ? tokens_->another(bearer) : std::nullopt;
    if (!other) throw Error(status, std::move(trailers));
    bearer = *other;
  }
}

template <typename Event, typename Stub, typename Request>
Stream<Event> Client::streamed(std::unique_ptr<grpc::ClientReaderInterface<Event>> (Stub::*method)(grpc::ClientContext*,
                                                                                                  const Request&),
                               const std::shared_ptr<Stub>& stub, Request request, const CallOptions& options) const {
  const Deadline end = deadline(options);
  const std::string bearer = token();
  auto call = std::make_unique<grpc::ClientContext>();
  prepare(*call, options, bearer, end);
  auto reader = ((*stub).*method)(call.get(), request);
  if (tokens_ == nullptr) return {std::move(call), std::move(reader)};
  // The client's copy shares its connections, and the request is kept until something of the answer has come.
  auto again = [client = *this, method, stub, request = std::move(request), options, bearer,
                end](std::unique_ptr<grpc::ClientContext>* context) {
    std::unique_ptr<grpc::ClientReaderInterface<Event>> begun;
    if (const auto other = client.tokens_->another(bearer)) {
      *context = std::make_unique<grpc::ClientContext>();
      client.prepare(**context, options, *other, end);
      begun = ((*stub).*method)(context->get(), request);
    }
    return begun;
  };
  return {std::move(call), std::move(reader), std::move(again)};
}

void Client::name_model(std::string* model) const {
  if (model->empty()) *model = model_;
}

Reply<v1::ChatResponse> Client::chat(v1::ChatRequest request, const CallOptions& options) const {
  name_model(request.mutable_model());
  return unary(&v1::ChatService::StubInterface::Chat, *chat_, request, options);
}

Reply<v1::ChatResponse> Client::chat(const std::string& question, const CallOptions& options) const {
  return chat(chat_request(question), options);
}

ChatStream Client::stream_chat(v1::ChatRequest request, const CallOptions& options) const {
  name_model(request.mutable_model());
  return streamed(&v1::ChatService::StubInterface::StreamChat, chat_, std::move(request), options);
}

ChatStream Client::stream_chat(const std::string& question, const CallOptions& options) const {
  return stream_chat(chat_request(question), options);
}

Reply<v1::CountTokensResponse> Client::count_tokens(v1::CountTokensRequest request, const CallOptions& options) const {
  name_model(request.mutable_chat()->mutable_model());
  return unary(&v1::ChatService::StubInterface::CountTokens, *chat_, request, options);
}

Reply<v1::EstimateCostResponse> Client::estimate_cost(v1::EstimateCostRequest request,
                                                      const CallOptions& options) const {
  name_model(request.mutable_chat()->mutable_model());
  return unary(&v1::ChatService::StubInterface::EstimateCost, *chat_, request, options);
}

Reply<v1::ChatResponse> Client::analyze_images(v1::AnalyzeImagesRequest request, const CallOptions& options) const {
  name_model(request.mutable_model());
  return unary(&v1::VisionService::StubInterface::AnalyzeImages, *vision_, request, options);
}

ChatStream Client::stream_analyze_images(v1::AnalyzeImagesRequest request, const CallOptions& options) const {
  name_model(request.mutable_model());
  return streamed(&v1::VisionService::StubInterface::StreamAnalyzeImages, vision_, std::move(request), options);
}

Reply<v1::GenerateImagesResponse> Client::generate_images(v1::GenerateImagesRequest request,
                                                          const CallOptions& options) const {
  name_model(request.mutable_model());
  return unary(&v1::ImageService::StubInterface::GenerateImages, *images_, request, options);
}

ImageStream Client::stream_images(v1::StreamImagesRequest request, const CallOptions& options) const {
  if (request.has_generate()) name_model(request.mutable_generate()->mutable_model());
  if (request.has_edit()) name_model(request.mutable_edit()->mutable_model());
  return streamed(&v1::ImageService::StubInterface::StreamImages, images_, std::move(request), options);
}

Reply<v1::EmbedResponse> Client::embed(v1::EmbedRequest request, const CallOptions& options) const {
  name_model(request.mutable_model());
  return unary(&v1::EmbeddingService::StubInterface::Embed, *embeddings_, request, options);
}

Reply<v1::ListModelsResponse> Client::list_models(const v1::ListModelsRequest& request,
                                                  const CallOptions& options) const {
  return unary(&v1::ModelService::StubInterface::ListModels, *models_, request, options);
}

Reply<v1::GetModelResponse> Client::get_model(const v1::GetModelRequest& request, const CallOptions& options) const {
  return unary(&v1::ModelService::StubInterface::GetModel, *models_, request, options);
}

Reply<v1::GetServerInfoResponse> Client::get_server_info(const v1::GetServerInfoRequest& request,
                                                         const CallOptions& options) const {
  return unary(&v1::ModelService::StubInterface::GetServerInfo, *models_, request, options);
}

}  // namespace ringmain

#include "fake.hpp"

#include <future>
#include <thread>

namespace fake {

Gateway::Gateway(std::deque<Step> script, const std::string& address,
                 const std::shared_ptr<grpc::ServerCredentials>& credentials)
    : script_(std::move(script)) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddListeningPort(address, credentials, &port);
  builder.RegisterService(this);
  builder.RegisterService(&models_);
  server_ = builder.BuildAndStart();
  target_ = address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

Gateway::~Gateway() { server_->Shutdown(std::chrono::system_clock::now()); }

ringmain::Options Gateway::options() const {
  ringmain::Options options;
  options.target = target_;
  options.model = "smart";
  return options;
}

void Gateway::drain() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    parting_ = Parting::kHolding;
    changed_.wait_for(lock, std::chrono::seconds(1), [this] { return parting_ == Parting::kHeld; });
  }
  const auto over = std::async(std::launch::async, [this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::lock_guard<std::mutex> lock(mutex_);
    parting_ = Parting::kOver;
    changed_.notify_all();
  });
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
}

grpc::Status Gateway::refused() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (parting_ == Parting::kNo) return grpc::Status::OK;
  if (parting_ == Parting::kHolding) parting_ = Parting::kHeld;
  changed_.notify_all();
  changed_.wait(lock, [this] { return parting_ == Parting::kOver; });
  return {grpc::StatusCode::UNAVAILABLE, "shutting down"};
}

std::size_t Gateway::calls() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return seen_.size();
}

Seen Gateway::seen(std::size_t index) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return seen_.at(index);
}

bool Gateway::saw_cancel() {
  std::unique_lock<std::mutex> lock(mutex_);
  const bool saw = changed_.wait_for(lock, std::chrono::seconds(5), [this] { return cancelled_ > 0; });
  if (saw) --cancelled_;
  return saw;
}

Step Gateway::next(const grpc::ServerContext& context, const v1::ChatRequest& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool has_deadline = context.deadline() < std::chrono::system_clock::now() + std::chrono::hours(1);
  seen_.push_back({ringmain::copied(context.client_metadata()), request, has_deadline});
  if (script_.empty()) return Answer{"ok"};
  Step step = std::move(script_.front());
  script_.pop_front();
  return step;
}

grpc::Status Gateway::failed(grpc::ServerContext& context, const Fail& fail) const {
  if (!fail.pushback.empty()) context.AddTrailingMetadata("grpc-retry-pushback-ms", fail.pushback);
  return fail.status;
}

grpc::Status Gateway::hang(const grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::lock_guard<std::mutex> lock(mutex_);
  ++cancelled_;
  changed_.notify_all();
  return grpc::Status::CANCELLED;
}

grpc::Status Gateway::Chat(grpc::ServerContext* context, const v1::ChatRequest* request, v1::ChatResponse* response) {
  if (grpc::Status late = refused(); !late.ok()) return late;
  const Step step = next(*context, *request);
  if (const auto* fail = std::get_if<Fail>(&step)) return failed(*context, *fail);
  if (std::holds_alternative<Hang>(step)) return hang(*context);
  context->AddInitialMetadata("x-served-by", "fake");
  context->AddTrailingMetadata("x-took-ms", "7");
  response->set_response_id("r-1");
  response->mutable_message()->set_role(v1::ROLE_ASSISTANT);
  response->mutable_message()->add_parts()->set_text(std::get<Answer>(step).text);
  return grpc::Status::OK;
}

grpc::Status Gateway::StreamChat(grpc::ServerContext* context, const v1::ChatRequest* request,
                                 grpc::ServerWriter<v1::ChatEvent>* writer) {
  const Step step = next(*context, *request);
  if (const auto* fail = std::get_if<Fail>(&step)) return failed(*context, *fail);
  context->AddInitialMetadata("x-served-by", "fake");
  context->AddTrailingMetadata("x-took-ms", "7");
  if (const auto* hanging = std::get_if<Hang>(&step)) {
    writer->SendInitialMetadata();
    for (const auto& event : hanging->events) writer->Write(event);
    return hang(*context);
  }
  const auto* events = std::get_if<Events>(&step);
  for (const auto& event : events != nullptr ? events->events : answer(std::get<Answer>(step).text)) {
    writer->Write(event);
  }
  return events != nullptr ? events->end : grpc::Status::OK;
}

grpc::Status Gateway::CountTokens(grpc::ServerContext* /*context*/, const v1::CountTokensRequest* request,
                                  v1::CountTokensResponse* response) {
  response->set_input_token_count(request->chat().model() == "smart" ? 3 : 0);
  return grpc::Status::OK;
}

grpc::Status Models::GetServerInfo(grpc::ServerContext* /*context*/, const v1::GetServerInfoRequest* /*request*/,
                                   v1::GetServerInfoResponse* response) {
  response->set_version("1.2.3");
  return grpc::Status::OK;
}

v1::ChatEvent delta(const std::string& text) {
  v1::ChatEvent event;
  event.mutable_part_delta()->set_text(text);
  return event;
}

v1::ChatEvent finished() {
  v1::ChatEvent event;
  event.mutable_finished()->set_finish_reason(v1::FINISH_REASON_STOP);
  return event;
}

std::vector<v1::ChatEvent> answer(const std::string& text) {
  std::vector<v1::ChatEvent> events(2);
  events[0].mutable_started()->set_response_id("r-1");
  events[1].mutable_part_started()->mutable_part()->set_text("");
  for (std::size_t from = 0, to = 0; from < text.size(); from = to) {
    // A character of UTF-8 goes on as long as bytes begin with 10.
    to = from + 1;
    while (to < text.size() && (static_cast<unsigned char>(text[to]) & 0xC0U) == 0x80U) ++to;
    events.push_back(delta(text.substr(from, to - from)));
  }
  events.push_back(finished());
  return events;
}

}  // namespace fake

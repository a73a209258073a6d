// The conformance driver: carries out the cases of tests/conformance through the public client.
//
// One JSON object a line on standard input, one on standard output for each, in any order. Protobuf itself reads and
// writes the JSON, and the base64 within it.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ringmain/ringmain.hpp"

namespace {

namespace v1 = ringmain::v1;
using google::protobuf::Struct;
using google::protobuf::Value;

// When the driver cancels a call that nothing has answered.
constexpr std::chrono::milliseconds kBeforeAnswer{1000};

template <typename Message>
void from_json(const std::string& json, Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, message);
  if (!status.ok()) throw std::runtime_error("bad JSON: " + status.ToString());
}

std::string to_json(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) throw std::runtime_error("no JSON: " + status.ToString());
  return json;
}

// JSON's text of bytes is base64.
std::string base64(const google::protobuf::Message& message) {
  google::protobuf::BytesValue bytes;
  bytes.set_value(message.SerializeAsString());
  const std::string quoted = to_json(bytes);
  return quoted.substr(1, quoted.size() - 2);
}

bool printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c <= '~'; });
}

// Runs something after a while, unless it is destroyed before.
class Alarm {
 public:
  Alarm(bool set, std::function<void()> ring) {
    if (set) thread_ = std::thread([this, ring = std::move(ring)] { wait(ring); });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      off_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void wait(const std::function<void()>& ring) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_for(lock, kBeforeAnswer, [this] { return off_; })) ring();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool off_ = false;
  std::thread thread_;
};

// One line of standard input, and the line that answers it.
class Case {
 public:
  explicit Case(const std::string& line) { from_json(line, &asked_); }

  std::string text(const std::string& key) const {
    const auto found = asked_.fields().find(key);
    return found == asked_.fields().end() ? "" : found->second.string_value();
  }

  // The number under a key, or -1.
  int number(const std::string& key) const {
    const auto found = asked_.fields().find(key);
    const bool there = found != asked_.fields().end() && found->second.has_number_value();
    return there ? static_cast<int>(found->second.number_value()) : -1;
  }

  std::string carry_out(const ringmain::Client& client) {
    auto& fields = *answer_.mutable_fields();
    fields["id"].set_string_value(text("id"));
    fields["responses"].mutable_list_value();
    fields["metadata"].mutable_struct_value();
    fields["folded"].set_string_value("");
    fields["read"].set_null_value(google::protobuf::NULL_VALUE);
    told(nullptr);
    try {
      call(client);
    } catch (const ringmain::Error& error) {
      told(&error);
      saw(error.trailers());
    }
    if (fold_) {
      chat_ = fold_->answer();
      fields["folded"].set_string_value(base64(*chat_));
    }
    if (chat_) read(*chat_, fields["read"].mutable_struct_value());
    return to_json(answer_);
  }

 private:
  template <typename Request>
  Request request() const {
    google::protobuf::BytesValue bytes;
    from_json("\"" + text("request") + "\"", &bytes);
    Request request;
    if (!request.ParseFromString(bytes.value())) throw std::runtime_error("bad request in " + text("id"));
    return request;
  }

  ringmain::CallOptions options() const {
    ringmain::CallOptions options;
    if (number("deadline_ms") >= 0) options.timeout = std::chrono::milliseconds(number("deadline_ms"));
    const auto metadata = asked_.fields().find("metadata");
    if (metadata != asked_.fields().end()) {
      for (const auto& [key, value] : metadata->second.struct_value().fields()) {
        options.metadata.emplace(key, value.string_value());
      }
    }
    return options;
  }

  template <typename Request, typename Response>
  void whole(const ringmain::Client& client,
             ringmain::Reply<Response> (ringmain::Client::*method)(Request, const ringmain::CallOptions&) const) {
    ringmain::Cancellation cancellation;
    ringmain::CallOptions call = options();
    call.cancellation = &cancellation;
    const Alarm alarm(number("cancel_after") == 0, [&] { cancellation.cancel(); });
    const auto reply = (client.*method)(request<std::decay_t<Request>>(), call);
    received(*reply);
    if constexpr (std::is_same_v<Response, v1::ChatResponse>) chat_ = *reply;
    saw(reply.metadata);
  }

  template <typename Request, typename Event>
  void streamed(const ringmain::Client& client,
                ringmain::Stream<Event> (ringmain::Client::*method)(Request, const ringmain::CallOptions&) const) {
    auto stream = (client.*method)(request<Request>(), options());
    const Alarm alarm(number("cancel_after") == 0, [&] { stream.cancel(); });
    int count = 0;
    if constexpr (std::is_same_v<Event, v1::ChatEvent>) fold_.emplace();
    for (const auto& event : stream) {
      if (count == 0) saw(stream.metadata());
      if (number("cancel_after") > 0 && count == number("cancel_after")) continue;  // was on its way already
      received(event);
      if constexpr (std::is_same_v<Event, v1::ChatEvent>) fold_->add(event);
      if (++count == number("cancel_after")) stream.cancel();
    }
    saw(stream.trailers());
  }

  void call(const ringmain::Client& client) {
    using Client = ringmain::Client;
    using Options = ringmain::CallOptions;
    const std::string method = text("method");
    if (method == "Chat") {
      using Method = ringmain::Reply<v1::ChatResponse> (Client::*)(v1::ChatRequest, const Options&) const;
      whole(client, static_cast<Method>(&Client::chat));
    } else if (method == "StreamChat") {
      using Method = ringmain::ChatStream (Client::*)(v1::ChatRequest, const Options&) const;
      streamed(client, static_cast<Method>(&Client::stream_chat));
    } else if (method == "CountTokens") {
      whole(client, &Client::count_tokens);
    } else if (method == "AnalyzeImages") {
      whole(client, &Client::analyze_images);
    } else if (method == "StreamAnalyzeImages") {
      streamed(client, &Client::stream_analyze_images);
    } else if (method == "GenerateImages") {
      whole(client, &Client::generate_images);
    } else if (method == "StreamImages") {
      streamed(client, &Client::stream_images);
    } else if (method == "Embed") {
      whole(client, &Client::embed);
    } else if (method == "ListModels") {
      whole(client, &Client::list_models);
    } else if (method == "GetServerInfo") {
      whole(client, &Client::get_server_info);
    } else {
      throw std::runtime_error("no method " + method);
    }
  }

  void received(const google::protobuf::Message& message) {
    auto& responses = *(*answer_.mutable_fields())["responses"].mutable_list_value();
    responses.add_values()->set_string_value(base64(message));
  }

  // Tells what the client reads from a chat's answer.
  static void read(const v1::ChatResponse& chat, Struct* told) {
    auto& fields = *told->mutable_fields();
    fields["text"].set_string_value(ringmain::text(chat));
    fields["must_continue"].set_bool_value(ringmain::must_continue(chat));
    auto& sources = *fields["sources"].mutable_list_value();
    for (const auto& source : ringmain::sources(chat)) {
      sources.add_values()->set_string_value(source.uri().empty() ? source.filename() : source.uri());
    }
    auto& calls = *fields["tool_calls"].mutable_list_value();
    for (const auto& call : ringmain::tool_calls(chat)) calls.add_values()->set_string_value(call.tool_call_id());
    auto& ran = *fields["provider_tool_calls"].mutable_list_value();
    for (const auto& call : ringmain::provider_tool_calls(chat)) {
      ran.add_values()->set_string_value(call.tool_call_id());
    }
  }

  void saw(const ringmain::Metadata& metadata) {
    auto& fields = *(*answer_.mutable_fields())["metadata"].mutable_struct_value()->mutable_fields();
    for (const auto& [key, value] : metadata) {
      if (printable(value)) fields[key].set_string_value(value);
    }
  }

  void told(const ringmain::Error* error) {
    auto& fields = *answer_.mutable_fields();
    fields["status"].set_string_value(error == nullptr ? "OK" : ringmain::code_name(error->status().error_code()));
    fields["message"].set_string_value(error == nullptr ? "" : error->message());
    fields["kind"].set_string_value(error == nullptr ? "" : error->code_name());
    fields["reason"].set_string_value(error == nullptr ? "" : error->reason());
    fields["retry_delay_ms"].set_null_value(google::protobuf::NULL_VALUE);
    auto& violations = *fields["violations"].mutable_list_value();
    if (error == nullptr) return;
    if (error->retry_delay()) {
      fields["retry_delay_ms"].set_number_value(static_cast<double>(error->retry_delay()->count()));
    }
    for (const auto& violation : error->violations()) violations.add_values()->set_string_value(violation.field);
  }

  Struct asked_;
  Struct answer_;
  std::optional<ringmain::Fold> fold_;  // of a chat's stream
  std::optional<v1::ChatResponse> chat_;
};

// One client for each target, token and limit of size.
class Clients {
 public:
  const ringmain::Client& of(const Case& asked) {
    const auto key = std::make_tuple(asked.text("target"), asked.text("token"), asked.number("max_message_bytes"));
    const auto found = clients_.find(key);
    if (found != clients_.end()) return found->second;
    ringmain::Options options;
    int limit = 0;
    std::tie(options.target, options.token, limit) = key;
    if (limit > 0) options.max_message_bytes = limit;
    return clients_.emplace(key, ringmain::Client(options)).first->second;
  }

 private:
  std::map<std::tuple<std::string, std::string, int>, ringmain::Client> clients_;  // references to its values stay good
};

void say(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  std::cout << line << std::endl;
}

}  // namespace

int main() {
  Clients clients;
  std::vector<std::future<void>> running;
  for (std::string line; std::getline(std::cin, line);) {
    Case asked(line);
    const ringmain::Client& client = clients.of(asked);
    running.push_back(std::async(std::launch::async, [asked = std::move(asked), &client]() mutable {
      say(asked.carry_out(client));
    }));
  }
  for (auto& one : running) one.get();
  return 0;
}

// Calls against a scripted gateway on a real socket.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

#include "fake.hpp"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace {

using fake::Answer;
using fake::Events;
using fake::Fail;
using fake::Gateway;
using fake::Hang;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

Fail unavailable(std::string pushback = "") {
  return {grpc::Status(grpc::StatusCode::UNAVAILABLE, "down"), std::move(pushback)};
}

// Returns the error of what must throw one.
template <typename Work>
ringmain::Error error_of(Work work) {
  try {
    work();
  } catch (const ringmain::Error& error) {
    return error;
  }
  throw std::logic_error("no error came");
}

std::string value(const ringmain::Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

// Reads a stream to its end.
std::string drained(ringmain::ChatStream stream) {
  std::string text;
  for (const auto& event : stream) text += ringmain::text(event);
  return text;
}

// A whole answer comes with the server's metadata, and the request with model, token and metadata.
TEST(Calls, Whole) {
  Gateway gateway({Answer{"Hello"}});
  ringmain::Options options = gateway.options();
  options.token = "secret";
  options.metadata = {{"x-team", "a"}};
  ringmain::CallOptions call;
  call.metadata = {{"x-call", "b"}};
  const auto reply = ringmain::Client(options).chat("Hi", call);
  EXPECT_EQ(ringmain::text(*reply), "Hello");
  EXPECT_EQ(reply->response_id(), "r-1");
  EXPECT_EQ(value(reply.metadata, "x-served-by"), "fake");
  EXPECT_EQ(value(reply.metadata, "x-took-ms"), "7");
  const fake::Seen seen = gateway.seen(0);
  EXPECT_EQ(seen.request.model(), "smart");
  EXPECT_FALSE(seen.has_deadline);
  EXPECT_EQ(value(seen.metadata, "authorization"), "Bearer secret");
  EXPECT_EQ(value(seen.metadata, "x-team"), "a");
  EXPECT_EQ(value(seen.metadata, "x-call"), "b");
  EXPECT_EQ(value(seen.metadata, "user-agent").rfind("ringmain-cpp/0.1.0", 0), 0U);
}

// The raw stubs work over the client's channel, with its token.
TEST(Calls, RawStub) {
  Gateway gateway({});
  ringmain::Options options = gateway.options();
  options.token = "secret";
  const ringmain::Client client(options);
  grpc::ClientContext context;
  client.prepare(context);
  ringmain::v1::ChatResponse response;
  ASSERT_TRUE(ringmain::v1::ChatService::NewStub(client.channel())
                  ->Chat(&context, ringmain::chat_request("Hi"), &response)
                  .ok());
  EXPECT_EQ(value(gateway.seen(0).metadata, "authorization"), "Bearer secret");
}

// Characters of every width arrive as they were sent, one event each, and fold into the whole answer.
TEST(Calls, Streamed) {
  const std::string text = u8"aé→𝄞👩‍👩‍👧 नमस्ते";
  Gateway gateway({Answer{text}});
  auto stream = gateway.client().stream_chat(text);
  EXPECT_EQ(value(stream.metadata(), "x-served-by"), "fake");
  std::string grown;
  ringmain::Fold fold;
  for (const auto& event : stream) {
    grown += ringmain::text(event);
    fold.add(event);
  }
  EXPECT_EQ(value(stream.metadata(), "x-served-by"), "fake");
  EXPECT_EQ(grown, text);
  EXPECT_EQ(ringmain::text(fold.answer()), text);
  EXPECT_EQ(fold.answer().response_id(), "r-1");
  EXPECT_EQ(value(stream.trailers(), "x-took-ms"), "7");
  EXPECT_FALSE(stream.next());
}

// A call that ends UNAVAILABLE is repeated until it succeeds, whole or streamed.
TEST(Calls, Retried) {
  Gateway gateway({unavailable(), unavailable(), Answer{"ok"}, unavailable(), Answer{"ok"}});
  const auto client = gateway.client();
  EXPECT_EQ(ringmain::text(*client.chat("Hi")), "ok");
  EXPECT_EQ(gateway.calls(), 3U);
  EXPECT_EQ(drained(client.stream_chat("Hi")), "ok");
  EXPECT_EQ(gateway.calls(), 5U);
}

// Three attempts are the default, one is the least, and other codes are final.
TEST(Calls, Attempts) {
  Gateway gateway({unavailable(), unavailable(), unavailable()});
  EXPECT_EQ(error_of([&] { gateway.client().chat("Hi"); }).code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(gateway.calls(), 3U);

  Gateway once({unavailable()});
  ringmain::Options options = once.options();
  options.max_attempts = 1;
  error_of([&] { ringmain::Client(options).chat("Hi"); });
  EXPECT_EQ(once.calls(), 1U);

  Gateway limited({Fail{grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "slow"), ""}});
  error_of([&] { limited.client().chat("Hi"); });
  EXPECT_EQ(limited.calls(), 1U);
}

// The server's push-back forbids a repeat, or says when it comes.
TEST(Calls, Pushback) {
  Gateway never({unavailable("-1")});
  error_of([&] { never.client().chat("Hi"); });
  EXPECT_EQ(never.calls(), 1U);

  Gateway later({unavailable("600")});
  const auto start = Clock::now();
  later.client().chat("Hi");
  EXPECT_GE(Clock::now() - start, milliseconds(600));
  EXPECT_EQ(later.calls(), 2U);
}

// The deadline ends whole calls and streams; the server learns it and sees the cancel.
TEST(Calls, Deadline) {
  Gateway gateway({Hang{}, Hang{}});
  ringmain::Options options = gateway.options();
  options.timeout = milliseconds(200);
  const ringmain::Client client(options);
  EXPECT_EQ(error_of([&] { client.chat("Hi"); }).code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(gateway.saw_cancel());
  ringmain::CallOptions call;
  call.timeout = milliseconds(100);
  EXPECT_EQ(error_of([&] { drained(client.stream_chat("Hi", call)); }).code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(gateway.saw_cancel());
  EXPECT_TRUE(gateway.seen(0).has_deadline);
}

// Leaving the loop over a stream cancels its call, and so do cancel() and assignment; the server sees that.
TEST(Calls, CancelledStream) {
  Gateway gateway({Hang{{fake::delta("a")}}, Hang{{fake::delta("b")}}, Hang{}});
  const auto client = gateway.client();
  for (const auto& event : client.stream_chat("Hi")) {
    EXPECT_EQ(ringmain::text(event), "a");
    break;
  }
  EXPECT_TRUE(gateway.saw_cancel());

  auto stream = client.stream_chat("Hi");
  ASSERT_TRUE(stream.next());
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stream.cancel();
  });
  EXPECT_EQ(error_of([&] { stream.next(); }).code(), grpc::StatusCode::CANCELLED);
  other.join();
  EXPECT_TRUE(gateway.saw_cancel());

  {
    auto replaced = client.stream_chat("Hi");
    while (gateway.calls() < 3) std::this_thread::yield();
    replaced = client.stream_chat("Hi");
    EXPECT_EQ(drained(std::move(replaced)), "ok");
  }
  EXPECT_TRUE(gateway.saw_cancel());
}

// A whole answer is cancelled from another thread, also before it has begun.
TEST(Calls, CancelledWhole) {
  Gateway gateway({Hang{}});
  const auto client = gateway.client();
  ringmain::Cancellation cancellation;
  ringmain::CallOptions call;
  call.cancellation = &cancellation;
  auto code = std::async(std::launch::async, [&] { return error_of([&] { client.chat("Hi", call); }).code(); });
  while (gateway.calls() == 0) std::this_thread::yield();
  cancellation.cancel();
  EXPECT_EQ(code.get(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(gateway.saw_cancel());
  EXPECT_EQ(error_of([&] { client.chat("Hi", call); }).code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(gateway.calls(), 1U);
}

// A stream that breaks says why; one that ends without its last event is no success.
TEST(Calls, Broken) {
  const grpc::Status aborted(grpc::StatusCode::ABORTED, "the provider broke off");
  Gateway gateway({Events{{fake::delta("a")}, aborted}, Events{{fake::delta("a")}, grpc::Status::OK}});
  const auto client = gateway.client();
  const auto first = error_of([&] { drained(client.stream_chat("Hi")); });
  EXPECT_EQ(first.code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(first.message(), "the provider broke off");
  const auto second = error_of([&] { drained(client.stream_chat("Hi")); });
  EXPECT_EQ(second.code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(second.reason(), "STREAM_INTERRUPTED");
  EXPECT_EQ(second.error_reason(), ringmain::v1::ERROR_REASON_STREAM_INTERRUPTED);
}

// Details travel from the server's trailers to the error, and trailers with them.
TEST(Calls, Details) {
  google::rpc::ErrorInfo info;
  info.set_domain("ringmain.v1");
  info.set_reason("INVALID_FIELD");
  (*info.mutable_metadata())["response_id"] = "r-9";
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("messages");
  google::rpc::Status rich;
  rich.add_details()->PackFrom(info);
  rich.add_details()->PackFrom(bad);
  const grpc::Status status(grpc::StatusCode::INVALID_ARGUMENT, u8"schlecht: ü", rich.SerializeAsString());
  Gateway gateway({Fail{status, "5"}});
  const auto error = error_of([&] { gateway.client().chat(""); });
  EXPECT_EQ(error.message(), u8"schlecht: ü");
  EXPECT_EQ(error.reason(), "INVALID_FIELD");
  EXPECT_EQ(error.response_id(), "r-9");
  ASSERT_EQ(error.violations().size(), 1U);
  EXPECT_EQ(error.violations()[0].field, "messages");
  EXPECT_EQ(value(error.trailers(), "grpc-retry-pushback-ms"), "5");
}

// Messages of tens of megabytes pass in both directions.
TEST(Calls, Large) {
  const std::size_t size = 24U << 20U;
  Gateway gateway({Answer{std::string(size, 'x')}});
  const auto question = ringmain::user({"What is this?", ringmain::media_from_bytes(std::string(size, '\7'))});
  const auto request = ringmain::chat_request(std::vector<ringmain::v1::Message>{question});
  EXPECT_EQ(ringmain::text(*gateway.client().chat(request)).size(), size);
}

// A request over the client's limit is invalid and never reaches the server, whole or streamed; one at the limit does.
TEST(Calls, OverTheLimit) {
  Gateway gateway({});
  auto request = ringmain::chat_request("Hi");
  request.set_model("smart");
  ringmain::Options options = gateway.options();
  options.max_message_bytes = static_cast<int>(request.ByteSizeLong()) - 1;
  const ringmain::Client client(options);
  for (const auto& error :
       {error_of([&] { client.chat(request); }), error_of([&] { drained(client.stream_chat(request)); })}) {
    EXPECT_EQ(error.code(), grpc::StatusCode::INVALID_ARGUMENT);
    for (const int number : {options.max_message_bytes, options.max_message_bytes + 1}) {
      EXPECT_NE(error.message().find(std::to_string(number)), std::string::npos) << error.message();
    }
  }
  EXPECT_EQ(gateway.calls(), 0U);
  options.max_message_bytes += 1;
  ringmain::Client(options).chat(request);
  EXPECT_EQ(gateway.calls(), 1U);
}

// A server that takes only smaller messages refuses the request as invalid: that is no limit of rate.
TEST(Calls, TooLargeForTheServer) {
  Gateway gateway({Fail{grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "larger than max"), ""}});
  const auto error = error_of([&] { gateway.client().chat("Hi"); });
  EXPECT_EQ(error.code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.message(), "larger than max");
  EXPECT_EQ(gateway.calls(), 1U);
}

// The gateway says what it is.
TEST(Calls, ServerInfo) {
  Gateway gateway({});
  EXPECT_EQ(gateway.client().get_server_info()->version(), "1.2.3");
}

// Requests without a model of their own get the client's, wherever the model stands in them.
TEST(Calls, NestedModel) {
  Gateway gateway({});
  EXPECT_EQ(gateway.client().count_tokens({})->input_token_count(), 3);
}

// Nobody listening is UNAVAILABLE at once; a client that waits finds the gateway when it comes.
TEST(Calls, Unreachable) {
  std::string address;
  {
    Gateway gone({});
    address = gone.target();
  }
  ringmain::Options options;
  options.target = address;
  EXPECT_EQ(error_of([&] { ringmain::Client(options).chat("Hi"); }).code(), grpc::StatusCode::UNAVAILABLE);
  options.wait_for_ready = true;
  options.timeout = std::chrono::seconds(20);
  auto waiting = std::async(std::launch::async, [&] { return ringmain::text(*ringmain::Client(options).chat("Hi")); });
  std::this_thread::sleep_for(milliseconds(100));
  Gateway late({}, address);
  EXPECT_EQ(waiting.get(), "ok");
}

// Options that contradict each other are refused.
TEST(Calls, Refused) {
  ringmain::Options options;
  options.max_attempts = 0;
  EXPECT_THROW(ringmain::Client{options}, std::invalid_argument);
  options.max_attempts = 1;
  options.tls.emplace().certificate_chain_pem = "PEM";
  EXPECT_THROW(ringmain::Client{options}, std::invalid_argument);
  options.tls.emplace();
  options.credentials = grpc::InsecureChannelCredentials();
  EXPECT_THROW(ringmain::Client{options}, std::invalid_argument);
}

}  // namespace

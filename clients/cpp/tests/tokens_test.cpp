// Tokens from a source: kept, replaced before they end, and when the gateway refuses one.
#include "tokens.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fake.hpp"

namespace {

using fake::Answer;
using fake::Events;
using fake::Fail;
using fake::Gateway;
using fake::Hang;
using ringmain::Token;
using ringmain::Tokens;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

Fail refusal() { return {grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "no"), ""}; }

ringmain::Client client_of(const Gateway& gateway, ringmain::TokenSource source) {
  ringmain::Options options = gateway.options();
  options.token_source = std::move(source);
  return ringmain::Client(options);
}

// Gives the tokens t1, t2 and so on.
ringmain::TokenSource counting(std::atomic<int>* count) {
  return [count] { return Token{"t" + std::to_string(++*count), {}}; };
}

std::string streamed(const ringmain::Client& client) {
  std::string text;
  for (const auto& event : client.stream_chat("Hi")) text += ringmain::text(event);
  return text;
}

using Way = std::function<std::string(const ringmain::Client&)>;
const std::map<std::string, Way> kWays = {
    {"whole", [](const ringmain::Client& client) { return ringmain::text(*client.chat("Hi")); }},
    {"streamed", streamed},
};

std::vector<std::string> sent(const Gateway& gateway) {
  std::vector<std::string> tokens;
  for (std::size_t call = 0; call < gateway.calls(); ++call) {
    tokens.push_back(gateway.seen(call).metadata.find("authorization")->second);
  }
  return tokens;
}

template <typename Work>
grpc::StatusCode code_of(Work work) {
  try {
    work();
  } catch (const ringmain::Error& error) {
    return error.code();
  }
  return grpc::StatusCode::OK;
}

// Calls of every kind share a token, and so does what prepare() makes ready.
TEST(Tokens, AskedForOnce) {
  std::atomic<int> count{0};
  Gateway gateway({Answer{"a"}, Answer{"b"}, Answer{"c"}});
  const ringmain::Client client = client_of(gateway, counting(&count));
  for (const auto& [name, way] : kWays) EXPECT_FALSE(way(client).empty()) << name;
  grpc::ClientContext context;
  client.prepare(context);
  ringmain::v1::ChatResponse response;
  const auto stub = ringmain::v1::ChatService::NewStub(client.channel());
  EXPECT_TRUE(stub->Chat(&context, ringmain::chat_request("Hi"), &response).ok());
  EXPECT_EQ(sent(gateway), std::vector<std::string>(3, "Bearer t1"));
  EXPECT_EQ(count, 1);
}

// Threads that wait for a token at the same time share one question.
TEST(Tokens, Shared) {
  std::atomic<int> count{0};
  Gateway gateway({Answer{"a"}, Answer{"a"}, Answer{"a"}, Answer{"a"}});
  const auto slow = [&count] {
    std::this_thread::sleep_for(milliseconds(20));
    return counting(&count)();
  };
  const ringmain::Client client = client_of(gateway, slow);
  std::vector<std::future<std::string>> answers;
  for (int thread = 0; thread < 4; ++thread) {
    answers.push_back(std::async(std::launch::async, [&client] { return ringmain::text(*client.chat("Hi")); }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get(), "a");
  EXPECT_EQ(count, 1);
}

// A refused call is made once more with another token.
TEST(Tokens, RefusedOnce) {
  for (const auto& [name, way] : kWays) {
    std::atomic<int> count{0};
    Gateway gateway({refusal(), Answer{"ok"}});
    EXPECT_EQ(way(client_of(gateway, counting(&count))), "ok") << name;
    EXPECT_EQ(sent(gateway), (std::vector<std::string>{"Bearer t1", "Bearer t2"})) << name;
  }
}

// When the other token is refused too, the caller is told, and the source is not asked without end.
TEST(Tokens, RefusedForGood) {
  for (const auto& [name, way] : kWays) {
    std::atomic<int> count{0};
    Gateway gateway({refusal(), refusal(), refusal()});
    const ringmain::Client client = client_of(gateway, counting(&count));
    for (int call = 0; call < 2; ++call) {
      EXPECT_EQ(code_of([&, &ask = way] { ask(client); }), grpc::StatusCode::UNAUTHENTICATED) << name;
    }
    EXPECT_EQ(sent(gateway), (std::vector<std::string>{"Bearer t1", "Bearer t2", "Bearer t2"})) << name;
    EXPECT_EQ(count, 2) << name;
  }
}

// A source that has no other token ends the matter.
TEST(Tokens, SameAgain) {
  Gateway gateway({refusal()});
  const ringmain::Client client = client_of(gateway, [] { return Token{"fixed", {}}; });
  EXPECT_EQ(code_of([&] { client.chat("Hi"); }), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(gateway.calls(), 1U);
}

// A stream that has begun is not begun again.
TEST(Tokens, Begun) {
  std::atomic<int> count{0};
  Gateway gateway({Events{{fake::delta("a")}, refusal().status}});
  EXPECT_EQ(code_of([&] { streamed(client_of(gateway, counting(&count))); }), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(count, 1);
}

// A stream that was begun once more can be cancelled from another thread, and by destroying it.
TEST(Tokens, Cancelled) {
  std::atomic<int> count{0};
  Gateway gateway({refusal(), Hang{{fake::delta("a")}}, Hang{{fake::delta("a")}}});
  const ringmain::Client client = client_of(gateway, counting(&count));
  ringmain::ChatStream stream = client.stream_chat("Hi");
  EXPECT_EQ(ringmain::text(*stream.next()), "a");
  std::thread other([&stream] { stream.cancel(); });
  EXPECT_EQ(code_of([&] { stream.next(); }), grpc::StatusCode::CANCELLED);
  other.join();
  EXPECT_TRUE(gateway.saw_cancel());
  {
    ringmain::ChatStream dropped = client.stream_chat("Hi");
    dropped.next();
  }
  EXPECT_TRUE(gateway.saw_cancel());
}

// A source that throws fails the call, and what it threw is nested in the error.
TEST(Tokens, Failing) {
  Gateway gateway({});
  const ringmain::Client client =
      client_of(gateway, []() -> Token { throw std::runtime_error("the vault is closed"); });
  for (const auto& [name, way] : kWays) {
    try {
      way(client);
      FAIL() << name;
    } catch (const ringmain::Error& error) {
      EXPECT_EQ(error.code(), grpc::StatusCode::UNAUTHENTICATED);
      EXPECT_EQ(error.message(), "the token source failed: the vault is closed");
      EXPECT_THROW(std::rethrow_if_nested(error), std::runtime_error);
    }
  }
  EXPECT_EQ(gateway.calls(), 0U);
  EXPECT_EQ(code_of([&] { client_of(gateway, []() -> Token { throw 7; }).chat("Hi"); }),
            grpc::StatusCode::UNAUTHENTICATED);
}

// A token and a source of tokens contradict each other.
TEST(Tokens, Contradiction) {
  ringmain::Options options;
  options.token = "t";
  options.token_source = [] { return Token{"t", {}}; };
  EXPECT_THROW(ringmain::Client client(options), std::invalid_argument);
}

std::string jwt(const std::string& claims) {
  static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string encoded;
  unsigned bits = 0;
  int count = 0;
  for (const char character : claims) {
    bits = bits << 8U | static_cast<unsigned char>(character);
    for (count += 8; count >= 6; count -= 6) encoded += kDigits[bits >> static_cast<unsigned>(count - 6) & 63U];
  }
  if (count > 0) encoded += kDigits[bits << static_cast<unsigned>(6 - count) & 63U];
  return "e30." + encoded + ".c2ln";
}

// A token over a clock that stands still.
class Kept : public ::testing::Test {
 protected:
  Tokens tokens(ringmain::TokenSource source) {
    return Tokens(std::move(source), [this] { return now_; });
  }
  Tokens tokens(Token token) {
    count_ = 0;
    return tokens([this, token = std::move(token)] {
      ++count_;
      return token;
    });
  }

  Tokens::Time now_ = std::chrono::steady_clock::now();
  int count_ = 0;
};

// It is replaced a quarter of its life before its end, and at most half a minute.
TEST_F(Kept, ReplacedBeforeItsEnd) {
  const std::vector<std::pair<Token, milliseconds>> cases = {
      {{"t", hours(1)}, seconds(3570)},
      {{"t", seconds(60)}, seconds(45)},
      {{"t", seconds(-5)}, seconds(0)},
      {{jwt(R"({"exp": 9e9})"), seconds(60)}, seconds(45)},
      {{jwt(R"({"exp": 7})"), {}}, seconds(0)},
  };
  for (const auto& [token, after] : cases) {
    Tokens kept = tokens(token);
    kept.get();
    if (after > milliseconds(0)) {
      now_ += after - milliseconds(1);
      kept.get();
      EXPECT_EQ(count_, 1);
    }
    now_ += milliseconds(1);
    kept.get();
    EXPECT_EQ(count_, 2);
  }
}

// One whose end is unknown is kept.
TEST_F(Kept, Unknown) {
  for (const std::string& text : {std::string("opaque"), jwt("{}")}) {
    Tokens kept = tokens(Token{text, {}});
    for (int year = 0; year < 3; ++year) {
      kept.get();
      now_ += hours(365 * 24);
    }
    EXPECT_EQ(count_, 1) << text;
  }
}

// A JWT tells its end; whatever else a text is, it tells none.
TEST_F(Kept, JwtTellsItsEnd) {
  const std::chrono::system_clock::time_point now{seconds(1000)};
  EXPECT_EQ(ringmain::lifetime_of(jwt(R"({"a": {"exp": 7}, "exp": 1060.5})"), now), milliseconds(60500));
  EXPECT_EQ(ringmain::lifetime_of(jwt(R"({"exp": 7})"), now), milliseconds(0));
  EXPECT_GT(ringmain::lifetime_of(jwt(R"({"exp": 1e300})"), now), milliseconds(hours(24 * 365)));
  const std::vector<std::string> others = {"",        "opaque",    "a.b", "a.b.c", "a.b.c.d", "a.!.c", jwt("{}"),
                                           jwt("[1]"), jwt(R"({"exp": "1"})"), jwt(std::string(5000, '['))};
  for (const std::string& other : others) EXPECT_FALSE(ringmain::lifetime_of(other, now)) << other;
}

// A token that is about to end is sent as long as no other can be had.
TEST_F(Kept, Outage) {
  Tokens kept = tokens([this]() -> Token {
    if (++count_ > 1) throw std::runtime_error("away");
    return {"t", seconds(600)};
  });
  kept.get();
  now_ += seconds(599);
  EXPECT_EQ(kept.get(), "t");
  now_ += seconds(1);
  EXPECT_THROW(kept.get(), ringmain::Error);
}

// A gateway that refuses every token cannot make the client ask without end.
TEST_F(Kept, Refusals) {
  std::atomic<int> count{0};
  Tokens kept = tokens(counting(&count));
  EXPECT_EQ(kept.get(), "t1");
  EXPECT_EQ(kept.another("t1"), "t2");
  EXPECT_EQ(kept.another("t1"), "t2") << "it has been replaced already";
  EXPECT_EQ(kept.another("t2"), std::nullopt);
  now_ += seconds(10);
  EXPECT_EQ(kept.another("t2"), "t3");
}

}  // namespace

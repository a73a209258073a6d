// Tokens that end: the client asks for others before they do, and when the gateway refuses one.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "ringmain/options.hpp"

namespace ringmain {

// The token that a client keeps. Threads may share it.
class Tokens {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Clock = std::function<Time()>;

  explicit Tokens(TokenSource source, Clock clock = std::chrono::steady_clock::now);

  // The token to send. Throws Error if there is none.
  std::string get();
  // The token to send in place of one that the gateway refused, if there is another.
  std::optional<std::string> another(const std::string& refused);

 private:
  std::optional<std::string> good();
  std::string ask();
  bool replaceable(const std::string& refused);

  const TokenSource source_;
  const Clock clock_;
  std::mutex asking_;  // held while the source is called
  std::mutex mutex_;   // guards what follows
  std::optional<std::string> text_;
  Time renew_at_;
  Time ends_at_;
  std::optional<Time> no_refusal_until_;
};

// How long a JWT is valid by its claim `exp`, which is not verified: the gateway decides. Unset for any other text.
std::optional<std::chrono::milliseconds> lifetime_of(const std::string& token,
                                                     std::chrono::system_clock::time_point now);

}  // namespace ringmain

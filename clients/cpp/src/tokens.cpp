#include "tokens.hpp"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

#include "ringmain/error.hpp"

namespace ringmain {
namespace {

using std::chrono::milliseconds;

// The longest time before its end at which a token is replaced; a quarter of its life if that is less.
constexpr std::chrono::seconds kMargin{30};
// Between two replacements of tokens that the gateway refused, so that a gateway that refuses every token does not make
// the client flood whoever gives them.
constexpr std::chrono::seconds kBetweenRefusals{10};
// As long as nobody measures.
constexpr std::chrono::hours kForever{100 * 365 * 24};

[[noreturn]] void throw_without_token(const std::string& what) {
  const grpc::Status status(grpc::StatusCode::UNAUTHENTICATED, "the token source failed" + what);
  std::throw_with_nested(Error(status));
}

int digit(char character) {
  if (character >= 'A' && character <= 'Z') return character - 'A';
  if (character >= 'a' && character <= 'z') return character - 'a' + 26;
  if (character >= '0' && character <= '9') return character - '0' + 52;
  if (character == '-') return 62;
  return character == '_' ? 63 : -1;
}

// https://www.rfc-editor.org/rfc/rfc4648#section-5
std::optional<std::string> decoded(const std::string& base64url) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char character : base64url) {
    if (character == '=') break;
    const int value = digit(character);
    if (value < 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU));
    }
  }
  return bytes;
}

std::optional<double> end_of(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos || token.find('.', second + 1) != std::string::npos) return std::nullopt;
  const auto json = decoded(token.substr(first + 1, second - first - 1));
  google::protobuf::Struct claims;
  if (!json || !google::protobuf::util::JsonStringToMessage(*json, &claims).ok()) return std::nullopt;
  const auto found = claims.fields().find("exp");
  if (found == claims.fields().end() || !found->second.has_number_value()) return std::nullopt;
  return found->second.number_value();
}

}  // namespace

Tokens::Tokens(TokenSource source, Clock clock) : source_(std::move(source)), clock_(std::move(clock)) {}

std::string Tokens::get() {
  if (const auto known = good()) return *known;
  const std::lock_guard<std::mutex> one_at_a_time(asking_);
  if (const auto known = good()) return *known;  // another thread has got one meanwhile
  try {
    return ask();
  } catch (const std::exception& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // It is asked before the token ends, so that a short outage of whoever gives tokens does no harm.
    if (text_ && clock_() < ends_at_) return *text_;
    throw_without_token(std::string(": ") + error.what());
  } catch (...) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (text_ && clock_() < ends_at_) return *text_;
    throw_without_token("");
  }
}

std::optional<std::string> Tokens::another(const std::string& refused) {
  if (!replaceable(refused)) return std::nullopt;
  try {
    std::string other = get();
    if (other != refused) return other;
  } catch (const Error&) {
    return std::nullopt;  // the refusal is what the caller is told
  }
  return std::nullopt;
}

std::optional<std::string> Tokens::good() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_ && clock_() < renew_at_ ? text_ : std::nullopt;
}

std::string Tokens::ask() {
  const Token token = source_();
  const auto told = token.lifetime ? token.lifetime : lifetime_of(token.text, std::chrono::system_clock::now());
  const milliseconds lifetime = std::min(told.value_or(kForever), milliseconds(kForever));
  const milliseconds margin = std::max(milliseconds(0), std::min(milliseconds(kMargin), lifetime / 4));
  const std::lock_guard<std::mutex> lock(mutex_);
  text_ = token.text;
  ends_at_ = clock_() + lifetime;
  renew_at_ = ends_at_ - margin;
  return token.text;
}

bool Tokens::replaceable(const std::string& refused) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!text_ || *text_ != refused) return true;  // another call has replaced it already
  const Time now = clock_();
  if (no_refusal_until_ && now < *no_refusal_until_) return false;
  no_refusal_until_ = now + kBetweenRefusals;
  text_.reset();
  return true;
}

std::optional<milliseconds> lifetime_of(const std::string& token, std::chrono::system_clock::time_point now) {
  const auto end = end_of(token);
  if (!end) return std::nullopt;
  const auto since_epoch = std::chrono::duration_cast<milliseconds>(now.time_since_epoch());
  const double left = *end * 1000 - static_cast<double>(since_epoch.count());
  const auto longest = static_cast<double>(milliseconds(kForever).count());
  return milliseconds(static_cast<std::int64_t>(std::clamp(left, 0.0, longest)));
}

}  // namespace ringmain

// Calls over several addresses.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "fake.hpp"

namespace {

using Replicas = std::array<std::unique_ptr<fake::Gateway>, 3>;

Replicas replicas() {
  Replicas made;
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i] = std::make_unique<fake::Gateway>(std::deque<fake::Step>{}, "127.0.0." + std::to_string(i + 1) + ":0");
  }
  return made;
}

ringmain::Client client(const Replicas& replicas) {
  ringmain::Options options;
  options.target = "ipv4:" + replicas[0]->target() + "," + replicas[1]->target() + "," + replicas[2]->target();
  return ringmain::Client(options);
}

// Calls take turns among the addresses.
TEST(Balance, Turns) {
  const Replicas made = replicas();
  const auto caller = client(made);
  for (int i = 0; i < 300; ++i) caller.chat("Hi");
  for (const auto& replica : made) EXPECT_GT(replica->calls(), 80U);
}

// No call fails while one replica drains and leaves.
TEST(Balance, Drain) {
  const Replicas made = replicas();
  const auto caller = client(made);
  std::future<void> draining;  // waits for its thread in the end, however the test ends
  for (int round = 0; round < 300; ++round) {
    EXPECT_NO_THROW(EXPECT_EQ(ringmain::text(*caller.chat("Hi")), "ok")) << "round " << round;
    if (round == 100) draining = std::async(std::launch::async, [&] { made[0]->drain(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  draining.wait();
  EXPECT_LT(made[0]->calls(), 80U);
}

}  // namespace

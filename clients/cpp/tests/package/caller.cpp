#include <iostream>

#include "ringmain/ringmain.hpp"

int main() {
  ringmain::Options options;
  options.target = "127.0.0.1:1";
  try {
    ringmain::Client(options).chat("Hello");
  } catch (const ringmain::Error& error) {
    std::cout << error.what() << "\n";
    return error.code() == grpc::StatusCode::UNAVAILABLE ? 0 : 1;
  }
  return 1;
}

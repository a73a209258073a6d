// Streams an answer, asks about a picture, and saves one that was painted.
//
//     quickstart [CHAT_MODEL [IMAGE_MODEL]]
//
// Without arguments it uses the gateway's embedded sandbox; RINGMAIN_TARGET names another gateway than 127.0.0.1:50051.
// It waits for one that is starting.
#include <cstdlib>
#include <iostream>
#include <string>

#include "ringmain/ringmain.hpp"

namespace {

void stream_chat(const ringmain::Client& client) {
  for (const auto& event : client.stream_chat("What is a ring main?")) {
    std::cout << ringmain::text(event) << std::flush;
  }
  std::cout << "\n";
}

std::string paint(const ringmain::Client& client, const std::string& model) {
  ringmain::v1::GenerateImagesRequest request;
  request.set_model(model);
  request.set_prompt("A ring main at dusk");
  const auto painted = client.generate_images(request);
  const std::string path = "picture.png";
  ringmain::save(painted->images(0).media(), path);
  std::cout << "Saved " << path << ".\n";
  return path;
}

void ask_about(const ringmain::Client& client, const std::string& path) {
  const auto question = ringmain::user({"What is in this picture?", ringmain::media_from_file(path)});
  const auto answer = client.chat(ringmain::chat_request(std::vector<ringmain::v1::Message>{question}));
  std::cout << ringmain::text(*answer) << "\n";
}

}  // namespace

int main(int argc, char** argv) try {
  ringmain::Options options;
  options.model = argc > 1 ? argv[1] : "sandbox/chat";
  options.timeout = std::chrono::minutes(5);
  options.wait_for_ready = true;
  const ringmain::Client client(options);
  stream_chat(client);
  ask_about(client, paint(client, argc > 2 ? argv[2] : "sandbox/image"));
  return EXIT_SUCCESS;
} catch (const ringmain::Error& error) {
  std::cerr << error.what() << "\n";
  return EXIT_FAILURE;
}

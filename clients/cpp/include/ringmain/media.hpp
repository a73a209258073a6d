// Pictures and documents: from files, and into files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "ringmain/v1/content.pb.h"
#include "ringmain/v1/image_service.pb.h"

namespace ringmain {

// A picture or document from its bytes. The gateway detects its type.
v1::Media media_from_bytes(std::string data);
// By its https address. The gateway fetches only from hosts that its operator allows.
v1::Media media_from_uri(std::string uri);
// From a file, with the file's name. Throws std::system_error if it cannot be read.
v1::Media media_from_file(const std::filesystem::path& path);

// A picture as a part of a turn that says how closely the model looks at it: user({"What is this?", with_detail(…)}).
v1::Part with_detail(v1::Media picture, v1::ImageDetail detail);

// Writes the bytes to a file. Throws std::system_error if it cannot, std::invalid_argument if there are no bytes.
void save(const v1::Media& media, const std::filesystem::path& path);

// Puts streamed pictures together from their pieces.
class Pictures {
 public:
  // Takes the next event; returns a picture when its last piece has come.
  std::optional<v1::Media> add(const v1::ImageEvent& event);

 private:
  std::map<int, v1::Media> growing_;
};

}  // namespace ringmain

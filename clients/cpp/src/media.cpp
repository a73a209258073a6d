#include "ringmain/media.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ringmain {
namespace {

std::system_error failed(const std::string& what, const std::filesystem::path& path) {
  return {errno != 0 ? errno : EIO, std::generic_category(), what + " " + path.string()};
}

}  // namespace

v1::Media media_from_bytes(std::string data) {
  v1::Media media;
  media.set_data(std::move(data));
  return media;
}

v1::Media media_from_uri(std::string uri) {
  v1::Media media;
  media.set_uri(std::move(uri));
  return media;
}

v1::Media media_from_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string data{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw failed("cannot read", path);
  v1::Media media = media_from_bytes(std::move(data));
  media.set_filename(path.filename().string());
  return media;
}

v1::Part with_detail(v1::Media picture, v1::ImageDetail detail) {
  v1::Part part;
  *part.mutable_media() = std::move(picture);
  part.set_image_detail(detail);
  return part;
}

void save(const v1::Media& media, const std::filesystem::path& path) {
  if (!media.has_data()) throw std::invalid_argument("ringmain: media without bytes cannot be saved");
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file.write(media.data().data(), static_cast<std::streamsize>(media.data().size()));
  file.close();
  if (!file) throw failed("cannot write", path);
}

std::optional<v1::Media> Pictures::add(const v1::ImageEvent& event) {
  if (!event.has_chunk()) return std::nullopt;
  const v1::ImageChunk& chunk = event.chunk();
  v1::Media& media = growing_[chunk.image_index()];
  if (!chunk.mime_type().empty()) media.set_mime_type(chunk.mime_type());
  media.mutable_data()->append(chunk.data());
  if (!chunk.last()) return std::nullopt;
  return std::move(growing_.extract(chunk.image_index()).mapped());
}

}  // namespace ringmain

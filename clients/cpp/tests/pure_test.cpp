// Requests, answers, media and the service config, without a gateway.
#include <gtest/gtest.h>

#include <filesystem>
#include <system_error>

#include "channel.hpp"
#include "ringmain/answer.hpp"
#include "ringmain/media.hpp"
#include "ringmain/tools.hpp"

namespace {

namespace v1 = ringmain::v1;

v1::Citation page(const std::string& uri, int start_index) {
  v1::Citation citation;
  citation.set_uri(uri);
  citation.set_start_index(start_index);
  return citation;
}

v1::Citation file(int page_number) {
  v1::Citation citation;
  citation.set_filename("report.pdf");
  citation.set_page_number(page_number);
  return citation;
}

// An answer's sources are those of all its parts, each once, in the order in which they are first cited.
TEST(Answer, Sources) {
  v1::ChatResponse answer;
  EXPECT_TRUE(ringmain::sources(answer).empty());
  auto* first = answer.mutable_message()->add_parts();
  answer.mutable_message()->add_parts()->set_text("without");
  auto* second = answer.mutable_message()->add_parts();
  for (const auto& citation : {page("https://b.example", 1), file(2), page("https://a.example", 2)}) {
    *first->add_citations() = citation;
  }
  for (const auto& citation : {file(2), page("https://b.example", 3), file(3)}) *second->add_citations() = citation;
  const auto sources = ringmain::sources(answer);
  ASSERT_EQ(sources.size(), 4U);
  EXPECT_EQ(sources[0].SerializeAsString(), page("https://b.example", 1).SerializeAsString());
  EXPECT_EQ(sources[1].page_number(), 2);
  EXPECT_EQ(sources[2].uri(), "https://a.example");
  EXPECT_EQ(sources[3].page_number(), 3);
}

// Tools that the caller runs, those that the provider ran, and media are listed apart.
TEST(Answer, PartsByKind) {
  v1::ChatResponse answer;
  answer.mutable_message()->add_parts()->mutable_provider_tool_call()->set_name("web_search");
  answer.mutable_message()->add_parts()->set_text("Let me see. ");
  answer.mutable_message()->add_parts()->mutable_tool_call()->set_name("weather");
  *answer.mutable_message()->add_parts()->mutable_media() = ringmain::media_from_bytes("picture");
  answer.mutable_message()->add_parts()->set_text("Done.");
  const auto own = ringmain::tool_calls(answer);
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].name(), "weather");
  const auto providers = ringmain::provider_tool_calls(answer);
  ASSERT_EQ(providers.size(), 1U);
  EXPECT_EQ(providers[0].name(), "web_search");
  const auto media = ringmain::media(answer);
  ASSERT_EQ(media.size(), 1U);
  EXPECT_EQ(media[0].data(), "picture");
  EXPECT_EQ(ringmain::text(answer), "Let me see. Done.");
}

// A turn continues where the model waits for tools and where its provider paused, and ends otherwise.
TEST(Answer, MustContinue) {
  v1::ChatResponse answer;
  EXPECT_FALSE(ringmain::must_continue(answer));
  for (const auto reason : {v1::FINISH_REASON_STOP, v1::FINISH_REASON_MAX_TOKENS}) {
    answer.set_finish_reason(reason);
    EXPECT_FALSE(ringmain::must_continue(answer)) << reason;
  }
  for (const auto reason : {v1::FINISH_REASON_TOOL_CALLS, v1::FINISH_REASON_PAUSED}) {
    answer.set_finish_reason(reason);
    EXPECT_TRUE(ringmain::must_continue(answer)) << reason;
  }
}

// Each kind of tool is made in one expression.
TEST(Tools, Kinds) {
  const auto function = ringmain::tool("weather", "Forecast.", "{}").function();
  EXPECT_EQ(function.name(), "weather");
  EXPECT_EQ(function.description(), "Forecast.");
  EXPECT_EQ(function.parameters_schema_json(), "{}");
  EXPECT_FALSE(function.has_strict());
  EXPECT_TRUE(ringmain::tool("weather", "", "{}", true).function().strict());
  EXPECT_TRUE(ringmain::web_search().has_web_search());
  v1::WebSearchTool limits;
  limits.set_max_uses(2);
  EXPECT_EQ(ringmain::web_search(limits).web_search().max_uses(), 2);
  EXPECT_TRUE(ringmain::code_execution().has_code_execution());
}

// Turns have their roles, and a tool's result answers its call.
TEST(Messages, Roles) {
  v1::ToolCall call;
  call.set_tool_call_id("c-1");
  const auto request = ringmain::chat_request({ringmain::system("Be brief."), ringmain::user({"Hi", v1::Part()}),
                                               ringmain::tool_result(call, "{\"celsius\":21}")});
  EXPECT_EQ(request.messages(0).role(), v1::ROLE_SYSTEM);
  EXPECT_EQ(request.messages(1).role(), v1::ROLE_USER);
  EXPECT_EQ(request.messages(1).parts_size(), 2);
  EXPECT_EQ(request.messages(2).role(), v1::ROLE_TOOL);
  EXPECT_EQ(request.messages(2).parts(0).tool_result().tool_call_id(), "c-1");
}

// A picture that was saved is read as it was, with its file's name; what has no bytes cannot be saved.
TEST(Media, Files) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "ringmain-media.png";
  const std::string bytes("\x00\xff\n", 3);
  ringmain::save(ringmain::media_from_bytes(bytes), path);
  const v1::Media media = ringmain::media_from_file(path);
  std::filesystem::remove(path);
  EXPECT_EQ(media.data(), bytes);
  EXPECT_EQ(media.filename(), "ringmain-media.png");
  EXPECT_THROW(ringmain::save(ringmain::media_from_uri("https://example.com/cat.png"), path), std::invalid_argument);
  EXPECT_THROW(ringmain::save(media, path / "below" / "a-file"), std::system_error);
  EXPECT_THROW(ringmain::media_from_file(path), std::system_error);
}

// How closely a model looks at a picture is said beside the picture.
TEST(Media, Detail) {
  const auto picture = ringmain::media_from_uri("https://example.com/cat.png");
  const auto part = ringmain::with_detail(picture, v1::IMAGE_DETAIL_LOW);
  EXPECT_EQ(part.media().uri(), "https://example.com/cat.png");
  EXPECT_EQ(ringmain::user({"What is this?", part}).parts(1).image_detail(), v1::IMAGE_DETAIL_LOW);
}

// Pieces of pictures that come in turns make whole pictures.
TEST(Media, Pictures) {
  const auto chunk = [](int index, const std::string& data, bool last) {
    v1::ImageEvent event;
    event.mutable_chunk()->set_image_index(index);
    event.mutable_chunk()->set_mime_type("image/png");
    event.mutable_chunk()->set_data(data);
    event.mutable_chunk()->set_last(last);
    return event;
  };
  ringmain::Pictures pictures;
  EXPECT_FALSE(pictures.add(chunk(0, "ab", false)));
  EXPECT_FALSE(pictures.add(chunk(1, "xy", false)));
  EXPECT_FALSE(pictures.add({}));
  const auto first = pictures.add(chunk(0, "c", true));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data(), "abc");
  EXPECT_EQ(first->mime_type(), "image/png");
  EXPECT_EQ(pictures.add(chunk(1, "", true))->data(), "xy");
}

// Retries and waiting are in the service config only where they are wanted.
TEST(Channel, ServiceConfig) {
  EXPECT_NE(ringmain::service_config(3, false).find("\"maxAttempts\": 3"), std::string::npos);
  EXPECT_EQ(ringmain::service_config(1, false).find("retryPolicy"), std::string::npos);
  EXPECT_EQ(ringmain::service_config(3, false).find("waitForReady"), std::string::npos);
  EXPECT_NE(ringmain::service_config(3, true).find("\"waitForReady\": true"), std::string::npos);
}

}  // namespace

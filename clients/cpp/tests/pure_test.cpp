// Folding events, handling media and the service config, without a gateway.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <system_error>

#include "channel.hpp"
#include "ringmain/answer.hpp"
#include "ringmain/media.hpp"

namespace {

namespace v1 = ringmain::v1;

v1::ChatEvent grown(int index, const std::function<void(v1::PartDelta&)>& set) {
  v1::ChatEvent event;
  event.mutable_part_delta()->set_index(index);
  set(*event.mutable_part_delta());
  return event;
}

// Reasoning with its signature, text and tool calls grow by their deltas.
TEST(Fold, Parts) {
  ringmain::Fold fold;
  fold.add(grown(0, [](auto& delta) { delta.set_reasoning_text("be"); }));
  fold.add(grown(0, [](auto& delta) { delta.set_reasoning_text("cause"); }));
  fold.add(grown(0, [](auto& delta) { delta.set_signature("s1"); }));
  fold.add(grown(0, [](auto& delta) { delta.set_signature("s2"); }));
  fold.add(grown(1, [](auto& delta) { delta.set_text("a"); }));
  fold.add(grown(1, [](auto& delta) { delta.set_text("b"); }));
  v1::ChatEvent started;
  started.mutable_part_started()->set_index(2);
  started.mutable_part_started()->mutable_part()->mutable_tool_call()->set_name("weather");
  fold.add(started);
  fold.add(grown(2, [](auto& delta) { delta.set_arguments_json("{\"city\":"); }));
  fold.add(grown(2, [](auto& delta) { delta.set_arguments_json("\"Bern\"}"); }));
  fold.add(grown(2, [](auto&) {}));
  fold.add({});
  v1::ChatEvent finished;
  finished.mutable_finished()->mutable_usage()->set_output_token_count(3);
  finished.mutable_finished()->mutable_route()->set_provider_id("p");
  fold.add(finished);

  const v1::ChatResponse answer = fold.answer();
  EXPECT_EQ(answer.message().parts(0).reasoning().text(), "because");
  EXPECT_EQ(answer.message().parts(0).reasoning().signature(), "s1s2");
  EXPECT_EQ(ringmain::text(answer), "ab");
  const auto calls = ringmain::tool_calls(answer);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].name(), "weather");
  EXPECT_EQ(calls[0].arguments_json(), "{\"city\":\"Bern\"}");
  EXPECT_EQ(answer.usage().output_token_count(), 3);
  EXPECT_EQ(answer.route().provider_id(), "p");
}

// A recovery that discards leaves only what comes after it, and another provider's name.
TEST(Fold, Discarded) {
  ringmain::Fold fold;
  v1::ChatEvent started;
  started.mutable_started()->set_provider_id("a");
  fold.add(started);
  fold.add(grown(0, [](auto& delta) { delta.set_text("void"); }));
  v1::ChatEvent recovered;
  recovered.mutable_recovered()->set_content_discarded(true);
  recovered.mutable_recovered()->set_provider_id("b");
  EXPECT_TRUE(ringmain::discards(recovered));
  EXPECT_EQ(ringmain::text(recovered), "");
  fold.add(recovered);
  fold.add(grown(0, [](auto& delta) { delta.set_text("kept"); }));
  EXPECT_EQ(ringmain::text(fold.answer()), "kept");
  EXPECT_EQ(fold.answer().route().provider_id(), "b");
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

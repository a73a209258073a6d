// Folding events into the whole answer, without a gateway.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "ringmain/answer.hpp"

namespace {

namespace v1 = ringmain::v1;

using Events = std::deque<v1::ChatEvent>;

v1::ChatEvent started(int index, const v1::Part& part) {
  v1::ChatEvent event;
  event.mutable_part_started()->set_index(index);
  *event.mutable_part_started()->mutable_part() = part;
  return event;
}

v1::ChatEvent grown(int index, const std::function<void(v1::PartDelta&)>& set) {
  v1::ChatEvent event;
  event.mutable_part_delta()->set_index(index);
  set(*event.mutable_part_delta());
  return event;
}

v1::ChatResponse fold(const Events& events) {
  ringmain::Fold fold;
  for (const auto& event : events) fold.add(event);
  return fold.answer();
}

v1::Part text_part(const std::string& text) {
  v1::Part part;
  part.set_text(text);
  return part;
}

v1::Citation citation(const std::string& uri) {
  v1::Citation cited;
  cited.set_uri(uri);
  return cited;
}

// An answer with a part of every kind, and everything that can stand beside a part.
v1::ChatResponse whole() {
  v1::ChatResponse answer;
  answer.set_response_id("r-1");
  answer.set_finish_reason(v1::FINISH_REASON_TOOL_CALLS);
  answer.mutable_usage()->set_output_token_count(9);
  answer.mutable_route()->set_provider_id("p");
  answer.mutable_route()->set_provider_model("m");
  v1::Message& message = *answer.mutable_message();
  message.set_role(v1::ROLE_ASSISTANT);
  message.add_parts()->mutable_reasoning()->set_text("Because it was asked.");
  v1::ProviderToolCall& search = *message.add_parts()->mutable_provider_tool_call();
  search.set_tool_call_id("s-1");
  search.set_name("web_search");
  search.set_arguments_json(R"({"query": "ring main"})");
  *search.add_results() = text_part("");
  *search.mutable_results(0)->add_citations() = citation("https://a.example");
  *search.add_results() = text_part("a ring");
  search.set_failed(true);
  v1::Part& text = *message.add_parts();
  text.set_text(u8"A ring main → feeds 𝄞 from both ends.");
  for (const auto* uri : {"https://a.example", "https://b.example"}) *text.add_citations() = citation(uri);
  for (const auto* token : {"A", " ring", " main"}) text.add_logprobs()->set_token(token);
  v1::ToolCall& call = *message.add_parts()->mutable_tool_call();
  call.set_tool_call_id("c-1");
  call.set_name("weather");
  call.set_arguments_json(u8R"({"city": "Zürich"})");
  v1::Media& image = *message.add_parts()->mutable_media();
  image.set_mime_type("image/png");
  image.set_data(std::string("\0\xff\7\7\1", 5));
  for (v1::Part& part : *message.mutable_parts()) {
    part.set_signature("signature of a part");
    part.set_provider_id("p");
  }
  return answer;
}

// Pieces of a text of at most so many bytes, without cutting a character; of bytes where they are no text.
std::vector<std::string> pieces(const std::string& whole, std::size_t size, bool is_text = true) {
  const auto inside = [&](std::size_t at) { return (static_cast<unsigned char>(whole[at]) & 0xC0U) == 0x80U; };
  std::vector<std::string> cut;
  for (std::size_t from = 0, to = 0; from < whole.size(); from = to) {
    to = std::min(from + size, whole.size());
    while (is_text && to < whole.size() && inside(to)) ++to;
    cut.push_back(whole.substr(from, to - from));
  }
  return cut;
}

// Removes a text and returns it.
std::string taken(std::string* text) {
  std::string all;
  all.swap(*text);
  return all;
}

// Moves what grows from a part into deltas: citations come before the text, and log probabilities beside it.
class Cutter {
 public:
  Cutter(int index, v1::Part part, std::size_t size) : index_(index), part_(std::move(part)), size_(size) {}

  Events events() {
    for (const auto& cited : part_.citations()) add([&](auto& delta) { *delta.mutable_citation() = cited; });
    cut_content();
    for (const auto& piece : pieces(taken(part_.mutable_signature()), size_, false)) {
      add([&](auto& delta) {
        delta.set_signature(piece);
        delta.set_provider_id(part_.provider_id());
      });
    }
    for (int i = 0; i < part_.logprobs_size(); ++i) {
      *events_.at(static_cast<std::size_t>(i)).mutable_part_delta()->add_logprobs() = part_.logprobs(i);
    }
    for (auto clear : {&v1::Part::clear_citations, &v1::Part::clear_logprobs, &v1::Part::clear_provider_id}) {
      (part_.*clear)();
    }
    events_.push_front(started(index_, part_));
    return events_;
  }

 private:
  void cut_content() {
    if (part_.has_text()) {
      for (const auto& piece : pieces(taken(part_.mutable_text()), size_)) {
        add([&](auto& delta) { delta.set_text(piece); });
      }
    } else if (part_.has_reasoning()) {
      for (const auto& piece : pieces(taken(part_.mutable_reasoning()->mutable_text()), size_)) {
        add([&](auto& delta) { delta.set_reasoning_text(piece); });
      }
    } else if (part_.has_tool_call()) {
      cut_arguments(part_.mutable_tool_call()->mutable_arguments_json());
    } else if (part_.has_provider_tool_call()) {
      cut_provider_tool_call(*part_.mutable_provider_tool_call());
    } else if (part_.has_media()) {
      for (const auto& piece : pieces(part_.media().data(), size_, false)) {
        add([&](auto& delta) { delta.set_data(piece); });
      }
      part_.mutable_media()->clear_source();
    }
  }

  void cut_provider_tool_call(v1::ProviderToolCall& call) {
    cut_arguments(call.mutable_arguments_json());
    for (const auto& result : call.results()) add([&](auto& delta) { *delta.mutable_result() = result; });
    add([&](auto& delta) { delta.set_failed(call.failed()); });
    call.clear_results();
    call.clear_failed();
  }

  void cut_arguments(std::string* json) {
    for (const auto& piece : pieces(taken(json), size_)) add([&](auto& delta) { delta.set_arguments_json(piece); });
  }

  void add(const std::function<void(v1::PartDelta&)>& set) { events_.push_back(grown(index_, set)); }

  int index_;
  v1::Part part_;
  std::size_t size_;
  Events events_;
};

// The events of an answer, its parts growing in turns.
Events cut(const v1::ChatResponse& answer, std::size_t size) {
  Events events(1);
  events[0].mutable_started()->set_response_id(answer.response_id());
  events[0].mutable_started()->set_provider_id("another");
  std::vector<Events> queues;
  for (int i = 0; i < answer.message().parts_size(); ++i) {
    queues.push_back(Cutter(i, answer.message().parts(i), size).events());
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (auto queue = queues.rbegin(); queue != queues.rend(); ++queue) {
      if (queue->empty()) continue;
      events.push_back(queue->front());
      queue->pop_front();
      grew = true;
    }
  }
  v1::ChatFinished& finished = *events.emplace_back().mutable_finished();
  finished.set_finish_reason(answer.finish_reason());
  *finished.mutable_usage() = answer.usage();
  *finished.mutable_route() = answer.route();
  return events;
}

// Events fold into the whole answer byte for byte, however they are cut and interleaved.
TEST(Fold, Law) {
  for (const std::size_t size : {1U, 2U, 3U, 7U, 1000U}) {
    EXPECT_EQ(fold(cut(whole(), size)).SerializeAsString(), whole().SerializeAsString()) << "pieces of " << size;
  }
}

// What a part holds when it begins is kept.
TEST(Fold, Begun) {
  v1::Part medium;
  medium.mutable_media()->set_data("a");
  medium.set_signature("s1");
  const auto answer = fold({started(0, medium), grown(0, [](auto& delta) { delta.set_data("b"); }),
                            grown(0, [](auto& delta) { delta.set_signature("s2"); }), started(1, text_part("a")),
                            grown(1, [](auto& delta) { delta.set_text("b"); })});
  EXPECT_EQ(answer.message().parts(0).media().data(), "ab");
  EXPECT_EQ(answer.message().parts(0).signature(), "s1s2");
  EXPECT_EQ(answer.message().parts(1).text(), "ab");
}

// A provider's name is replaced and not appended to, and only by one that is not empty.
TEST(Fold, Provider) {
  const auto named = [](const std::string& name) {
    return grown(0, [&](auto& delta) {
      delta.set_provider_id(name);
      delta.add_logprobs()->set_token("t");
    });
  };
  const auto answer = fold({started(0, text_part("a")), named("p"), named("q"), named("")});
  EXPECT_EQ(answer.message().parts(0).provider_id(), "q");
  EXPECT_EQ(answer.message().parts(0).logprobs_size(), 3);
}

// Events, parts and deltas that this client does not know change nothing else.
TEST(Fold, Unknown) {
  const auto answer = fold({
      {},
      started(0, text_part("a")),
      grown(0, [](auto&) {}),
      grown(0, [](auto& delta) { delta.set_data("x"); }),
      grown(0, [](auto& delta) { delta.set_arguments_json("{}"); }),
      started(1, {}),
      grown(1, [](auto& delta) { delta.set_text("of a newer kind"); }),
      grown(2, [](auto& delta) { delta.set_text("never began"); }),
  });
  ASSERT_EQ(answer.message().parts_size(), 2);
  EXPECT_EQ(answer.message().parts(0).SerializeAsString(), text_part("a").SerializeAsString());
  EXPECT_EQ(answer.message().parts(1).ByteSizeLong(), 0U);
}

// A recovery that discards leaves only what comes after it, and another provider's name.
TEST(Fold, Discarded) {
  v1::ChatEvent first;
  first.mutable_started()->set_provider_id("a");
  v1::ChatEvent recovered;
  recovered.mutable_recovered()->set_content_discarded(true);
  recovered.mutable_recovered()->set_provider_id("b");
  EXPECT_TRUE(ringmain::discards(recovered));
  EXPECT_EQ(ringmain::text(recovered), "");
  const auto answer = fold({first, started(0, text_part("void")), started(1, text_part("void")), recovered,
                            started(0, text_part("")), grown(0, [](auto& delta) { delta.set_text("kept"); })});
  EXPECT_EQ(ringmain::text(answer), "kept");
  EXPECT_EQ(answer.route().provider_id(), "b");
}

// A long answer is not copied with each of its pieces: 96 MiB in 400,000 of them would take hours.
TEST(Fold, Long) {
  const std::size_t count = 131'072;
  const std::string piece(256, 'x');
  v1::Part medium;
  medium.mutable_media()->set_data("");
  ringmain::Fold fold;
  fold.add(started(0, text_part("")));
  fold.add(started(1, medium));
  for (std::size_t i = 0; i < count; ++i) {
    fold.add(grown(0, [&](auto& delta) { delta.set_text(piece); }));
    fold.add(grown(0, [&](auto& delta) { delta.set_signature(piece); }));
    fold.add(grown(1, [&](auto& delta) { delta.set_data(piece); }));
  }
  const auto answer = fold.answer();
  EXPECT_EQ(answer.message().parts(0).text(), std::string(256 * count, 'x'));
  EXPECT_EQ(answer.message().parts(0).signature().size(), 256 * count);
  EXPECT_EQ(answer.message().parts(1).media().data().size(), 256 * count);
}

}  // namespace

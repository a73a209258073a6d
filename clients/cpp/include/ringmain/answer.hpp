// Requests from a question, and answers whole or growing. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ringmain/v1/chat_service.pb.h"
#include "ringmain/v1/content.pb.h"

namespace ringmain {

// One piece of a turn: text or media.
class Piece {
 public:
  Piece(const char* text) { part_.set_text(text); }                            // NOLINT: implicit on purpose
  Piece(std::string text) { part_.set_text(std::move(text)); }                 // NOLINT
  Piece(v1::Media media) { *part_.mutable_media() = std::move(media); }        // NOLINT
  Piece(v1::Part part) : part_(std::move(part)) {}                             // NOLINT
  const v1::Part& part() const { return part_; }

 private:
  v1::Part part_;
};

// What the user says: user({"What is this?", media_from_file("cat.png")}).
v1::Message user(const std::vector<Piece>& pieces);
// Instructions to the model.
v1::Message system(std::string text);
// What running a tool gave, as text or JSON.
v1::Message tool_result(const v1::ToolCall& call, std::string result);

// A request for an answer to a question, or to a conversation.
v1::ChatRequest chat_request(const std::string& question);
v1::ChatRequest chat_request(const std::vector<v1::Message>& conversation);

// The answer's text, all parts of it.
std::string text(const v1::ChatResponse& response);
// The sources that the text rests on, in the order in which they are first cited. Citations of one address, or of one
// page of a file, are one source.
std::vector<v1::Citation> sources(const v1::ChatResponse& response);
// The tools that the model wants to be run.
std::vector<v1::ToolCall> tool_calls(const v1::ChatResponse& response);
// The tools that the provider ran itself, such as a web search. They need no answer.
std::vector<v1::ProviderToolCall> provider_tool_calls(const v1::ChatResponse& response);
// The pictures and the speech in the answer.
std::vector<v1::Media> media(const v1::ChatResponse& response);
// Whether the model goes on only when the conversation is sent again with the answer's message at its end: it asks for
// tools, and the results of its tool_calls come after the message, or the provider paused a long turn, and nothing
// comes after it.
bool must_continue(const v1::ChatResponse& response);

// The text that the answer grows by; empty for events of another kind. Belongs to the event.
const std::string& text(const v1::ChatEvent& event);
// Whether everything before is void: another provider starts the answer again.
bool discards(const v1::ChatEvent& event);

// Folds the events of a stream into the answer that the whole call would have given.
class Fold {
 public:
  // Takes the next event. Kinds of event and of delta newer than this client are skipped.
  void add(const v1::ChatEvent& event);
  // The answer so far, which is the whole one once the stream has ended.
  v1::ChatResponse answer() const;

 private:
  void served_by(const std::string& provider_id, const std::string& provider_model);

  v1::ChatResponse head_;
  std::map<int, v1::Part> parts_;
};

}  // namespace ringmain
